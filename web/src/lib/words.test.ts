import { expect, it } from 'vitest';
import { bytes, duration, plural, relativeTime } from './words.ts';

const MINUTE = 60_000;

it('says how long ago, or how far ahead', () => {
	const now = 1_800_000_000_000;
	expect(relativeTime(now - 10_000, now)).toBe('just now');
	expect(relativeTime(now - 50_000, now)).toBe('1 min ago');
	expect(relativeTime(now - 59 * MINUTE, now)).toBe('59 min ago');
	expect(relativeTime(now - 90 * MINUTE, now)).toBe('2 h ago');
	expect(relativeTime(now - 24 * 60 * MINUTE, now)).toBe('1 day ago');
	expect(relativeTime(now + 5 * MINUTE, now)).toBe('in 5 min');
});

it('says how long something took, without a step between the forms', () => {
	expect(duration(3)).toBe('< 0.1 s');
	expect(duration(420)).toBe('0.4 s');
	expect(duration(9940)).toBe('9.9 s');
	expect(duration(9950)).toBe('10 s');
	expect(duration(59_499)).toBe('59 s');
	expect(duration(59_600)).toBe('1 min 00 s');
	expect(duration(185_000)).toBe('3 min 05 s');
});

it('counts bytes as docker does', () => {
	expect(bytes(812)).toBe('812 B');
	expect(bytes(14_200)).toBe('14 KB');
	expect(bytes(123_400_000)).toBe('123 MB');
	expect(bytes(1_260_000_000)).toBe('1.3 GB');
});

it('counts things', () => {
	expect(plural(1, 'check')).toBe('1 check');
	expect(plural(2, 'check')).toBe('2 checks');
});
