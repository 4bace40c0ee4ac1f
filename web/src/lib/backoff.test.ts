import { expect, it } from 'vitest';
import { backoffMs } from './backoff.ts';

it('doubles up to ten seconds, and spreads', () => {
	expect([0, 1, 2, 3].map((attempt) => backoffMs(attempt, 1))).toEqual([500, 1000, 2000, 4000]);
	expect(backoffMs(50, 1)).toBe(10_000);
	expect(backoffMs(50, 0)).toBe(5_000);
});
