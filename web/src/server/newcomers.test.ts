import { expect, it } from 'vitest';
import { Newcomers, networkOf } from './newcomers.ts';

it('lets a large class in from one address, and a pupil with a program not fill it', () => {
	const newcomers = new Newcomers();
	const bring = (count: number, address: string) =>
		Array.from({ length: count }, () => newcomers.admits('CODE', address)).filter(Boolean).length;
	expect(bring(1_000, '192.168.1.66')).toBe(250);
	expect(bring(40, '192.168.1.67')).toBe(40);
	expect(newcomers.admits('OTHER', '192.168.1.66')).toBe(true);
});

it.each([
	['2001:db8:0:1::7', '2001:db8:0:1:ffff::1'],
	['2001:db8:0:1:2:3:4:5', '2001:db8::1:9:9:9:9'],
	['fe80::1%eth0', 'fe80::2'],
	['::ffff:10.0.0.1', '10.0.0.1'],
])('takes %s and %s for one network', (one, other) => {
	expect(networkOf(one)).toBe(networkOf(other));
});

it('tells networks apart', () => {
	const all = [
		'10.0.0.1',
		'10.0.0.2',
		'::ffff:10.0.0.3',
		'2001:db8:0:1::',
		'2001:db8:0:2::',
		'::1',
	];
	expect(new Set(all.map(networkOf)).size).toBe(all.length);
});
