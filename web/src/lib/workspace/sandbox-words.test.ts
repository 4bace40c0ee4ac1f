// The line for a sandbox, in words.

import { expect, test } from 'vitest';
import { placeWords } from './sandbox-words.ts';

test.each([
	[1, 4, 'You are next in line, about 4 seconds.'],
	[2, 1, 'You are 2nd in line, about a second.'],
	[3, 20, 'You are 3rd in line, about 20 seconds.'],
	[11, 30, 'You are 11th in line, about 30 seconds.'],
	[
		21,
		null,
		'You are 21st in line. All places are taken; when someone leaves, you move up by yourself.',
	],
])('%d, %d: %s', (position, seconds, words) => {
	expect(placeWords({ position, seconds })).toBe(words);
});
