// Uids are never shared between live sandboxes, and kept ones are left to their owners.

import { expect, test } from 'vitest';
import { UidSlots } from './slots.ts';

test('a returning workspace gets its own uid, others avoid it', () => {
	const slots = new UidSlots(() => [20_000, 20_002]);
	expect(slots.take()).toBe(20_001);
	expect(slots.take()).toBe(20_003);
	expect(slots.take(20_002)).toBe(20_002);
	expect(slots.take(20_002)).toBe(20_004);
});

test('512 live sandboxes, then a refusal, kept volumes or not', () => {
	const slots = new UidSlots(() => Array.from({ length: 500 }, (_, index) => 20_000 + index));
	const taken = new Set(Array.from({ length: 512 }, () => slots.take()));
	expect(taken.size).toBe(512);
	expect(() => slots.take()).toThrow(expect.objectContaining({ code: 'no-capacity' }));
	slots.free(20_100);
	expect(slots.take()).toBe(20_100);
});
