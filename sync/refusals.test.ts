// Who is refused and comes again at once waits, others don't.

import { expect, test } from 'vitest';
import { LIMITS } from './limits.ts';
import { Refusals } from './refusals.ts';

test('each refusal in a row is slower up to a bound, and forgotten after a while', () => {
	let now = 0;
	const refusals = new Refusals(() => now);
	const delays = Array.from({ length: 8 }, () => refusals.delayOf('mallory'));
	expect(delays.slice(0, 4)).toEqual([0, 200, 400, 800]);
	expect(delays.at(-1)).toBe(LIMITS.refusals.mostMs);
	expect(refusals.delayOf('anna')).toBe(0);
	now += LIMITS.refusals.forgetMs;
	expect(refusals.delayOf('mallory')).toBe(0);
});

test('of a crowd the oldest are forgotten first', () => {
	const refusals = new Refusals(() => 0);
	for (let n = 0; n <= LIMITS.refusals.known; n += 1) refusals.delayOf(`${n}`);
	expect(refusals.delayOf('0')).toBe(0);
	expect(refusals.delayOf('5000')).toBe(200);
});
