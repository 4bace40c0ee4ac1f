import { describe, expect, it } from 'vitest';
import { percentile, tableOf } from './report.ts';

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

it('sets a value against the most or the least that it should be', () => {
	const table = tableOf([
		{ name: 'a', value: 2, unit: 's', target: 2 },
		{ name: 'b', value: 2.1, unit: 's', target: 2 },
		{ name: 'c', value: 0.5, unit: '×', atLeast: 0.5 },
		{ name: 'd', value: 0.4, unit: '×', atLeast: 0.5 },
		{ name: 'e', value: 1, unit: 'MB' },
	]);
	const words = table.split('\n').map((line) => line.split(/\s{2,}/).slice(2));
	expect(words).toEqual([
		['≤ 2 s', 'met'],
		['≤ 2 s', 'missed'],
		['≥ 0.5 ×', 'met'],
		['≥ 0.5 ×', 'missed'],
		[],
	]);
});
