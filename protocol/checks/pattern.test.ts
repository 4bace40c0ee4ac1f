// Patterns find what their authors mean, and none takes long.

import { expect, test } from 'vitest';
import { isAllOf, isFoundIn, patternProblem } from './pattern.ts';

test('in some part, or in all of it', () => {
	expect(isFoundIn('\\bpip3?\\b.*\\binstall\\b', 'RUN python -m pip install x')).toBe(true);
	expect(isFoundIn('\\bpip3?\\b.*\\binstall\\b', 'RUN pipx installed')).toBe(false);
	expect(isFoundIn('^python app\\.py$', 'python app.py')).toBe(true);
	expect(isAllOf('text/html.*', 'text/html; charset=utf-8')).toBe(true);
	expect(isAllOf('a|ab', 'ab')).toBe(true);
	expect(isAllOf('a', 'ab')).toBe(false);
	expect(isAllOf('a', 'ba')).toBe(false);
});

test('one that would take for ever is as quick as any other', () => {
	expect(isFoundIn('^(a+)+$', `${'a'.repeat(60_000)}b`)).toBe(false);
	expect(isAllOf('(.*a){20}', 'b'.repeat(2000))).toBe(false);
});

test('what is none is told, and so is what only a slower kind has', () => {
	expect(patternProblem('[a-z]+')).toBeUndefined();
	expect(patternProblem('(')).toContain('missing');
	expect(patternProblem('a(?=b)')).toBeDefined();
	expect(patternProblem('(a)\\1')).toBeDefined();
});
