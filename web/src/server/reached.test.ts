// Devices that came through are remembered, the latest first, and never more than a few.

import { expect, test } from 'vitest';
import { Reached } from './reached.ts';

test('the latest come first, each once; this computer itself proves nothing', () => {
	const reached = new Reached(() => new Set(['192.168.1.2']));
	for (const here of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '192.168.1.2']) {
		expect(reached.note(here, true)).toBe(false);
	}
	reached.note('192.168.1.5', false, 1);
	reached.note('::ffff:192.168.1.6', true, 2);
	reached.note('192.168.1.5', true, 3);
	expect(reached.list()).toEqual([
		{ address: '192.168.1.5', at: 3, sockets: true },
		{ address: '192.168.1.6', at: 2, sockets: true },
	]);
});

test('however many come, few are kept', () => {
	const reached = new Reached(() => new Set());
	for (let n = 0; n < 500; n += 1) reached.note(`10.0.${n >> 8}.${n & 255}`, true, n);
	expect(reached.list()).toHaveLength(20);
	expect(reached.list()[0]).toMatchObject({ at: 499 });
});
