import { expect, it } from 'vitest';
import { countLines } from './differ.ts';

it.each([
	['a\nb\n', 'a\nb\n', 0, 0],
	['', 'a\nb\n', 2, 0],
	['a\nb\n', '', 0, 2],
	['a\nb\nc\n', 'a\nx\nc\n', 1, 1],
	['a\nc\n', 'a\nb\nc\n', 1, 0],
	// As git counts: a last line without its end is another one with it.
	['a\nb', 'a\nb\nc', 2, 1],
	['a\r\nb\r\n', 'a\nb\n', 0, 0],
])('counts lines from %j to %j', (before, after, added, removed) => {
	expect(countLines(before, after)).toEqual({ added, removed });
});
