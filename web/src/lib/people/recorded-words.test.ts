import { expect, it } from 'vitest';
import { recordedWords } from './recorded-words.ts';

it('names what is recorded, who sees it and until when', () => {
	expect(recordedWords({ account: false, number: true, days: 180 })).toBe(
		'Your name, your student number, your files with every change, what your terminals show, and what you submit or ask are recorded. This class’s instructors and TAs see them; they are deleted 180 days after you last work here.',
	);
	expect(recordedWords({ account: true, number: false, days: 1 })).toMatch(
		/^Your files with every change, what your terminals show, and what you submit or ask .* deleted 1 day after/,
	);
});
