// What counts as a flood, and what doesn't.

import { expect, test } from 'vitest';
import { FloodGauge } from './flood.ts';

const MB = 1024 ** 2;

/** Of so many pieces, one each `ms`: which are told. */
function told(pieces: number, bytes: number, ms: number): number[] {
	const gauge = new FloodGauge();
	const numbers = Array.from({ length: pieces }, (_, number) => number);
	return numbers.filter((number) => gauge.over(bytes, number * ms));
}

test('a program that prints on is told again and again, from its first megabytes', () => {
	expect(told(100, MB / 4, 100).slice(0, 2)).toEqual([32, 65]);
});

test('a long listing isn’t one, nor a server that logs for hours', () => {
	expect(told(7, MB, 1)).toEqual([]);
	expect(told(36_000, 30 * 1024, 1000)).toEqual([]);
});
