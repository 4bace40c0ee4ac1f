// The parts of a lab's text, by which a failed check says what to read again.

import { expect, test } from 'vitest';
import { headingsOf } from './headings.ts';

test('headings by their words, without numbers, marks and what only looks like one', () => {
	const text = [
		'## 4. Leave out what doesn’t belong',
		'```dockerfile',
		'# a comment',
		'~~~',
		'# still code',
		'```',
		'### The `CMD` *form* ###',
		'#no heading',
		'~~~',
		'# code',
		'~~~',
		'# Ü über_all',
		'# 2',
		'## Build',
		'## 7. Build',
	].join('\n');
	expect(headingsOf(text)).toEqual([
		{ anchor: 'leave-out-what-doesnt-belong', title: 'Leave out what doesn’t belong', line: 1 },
		{ anchor: 'the-cmd-form', title: 'The CMD form', line: 7 },
		{ anchor: 'ü-über-all', title: 'Ü über_all', line: 12 },
		{ anchor: '2', title: '2', line: 13 },
		{ anchor: 'build', title: 'Build', line: 14 },
		{ anchor: 'build-2', title: 'Build', line: 15 },
	]);
});
