import { describe, expect, it } from 'vitest';
import { percentile } from './report.ts';

describe('percentile', () => {
	it('is the nearest rank', () => {
		const samples = Array.from({ length: 100 }, (_, i) => 100 - i);
		expect(percentile(samples, 50)).toBe(50);
		expect(percentile(samples, 95)).toBe(95);
		expect(percentile([7], 95)).toBe(7);
	});

	it('is not a number without samples', () => {
		expect(percentile([], 95)).toBeNaN();
	});
});
