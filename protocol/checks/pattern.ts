// A regular expression that a lab's author wrote, tried on what a student wrote: by RE2's rules, in time
// that grows with the text and never beyond, whatever the two come to together.

import { RE2JS } from 're2js';

/** What is tried at most, in characters. */
const LIMIT = 64 * 1024;

/** Undefined where it is none. */
export function patternProblem(text: string): string | undefined {
	try {
		RE2JS.compile(text);
		return undefined;
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	}
}

/** Whether some part of the text is like this. */
export const isFoundIn = (pattern: string, text: string): boolean =>
	RE2JS.compile(pattern).matcher(text.slice(0, LIMIT)).find();

/** Whether all of it is. */
export const isAllOf = (pattern: string, text: string): boolean =>
	text.length <= LIMIT && RE2JS.compile(pattern).matches(text);
