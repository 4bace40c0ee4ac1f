// What the editor says about a text: its own hints, which the judge knows nothing of.

/** Offsets in UTF-16 units, as CodeMirror counts. */
export type Hint = {
	from: number;
	to: number;
	severity: 'error' | 'warning' | 'info';
	message: string;
};

/** What a file's text would be when it is formatted, or where it can't be read. */
export type Formatted = { ok: true; text: string } | { ok: false; line: number; message: string };

/** More of them help nobody, and each costs the page. */
export const MOST_HINTS = 100;

const MESSAGE_MOST = 200;

/** Messages quote the text, and the text may be one endless word. */
export const brief = (message: string): string =>
	message.length <= MESSAGE_MOST ? message : `${message.slice(0, MESSAGE_MOST).toWellFormed()}…`;

/** From positions as language servers count, both from 0, to offsets; positions may lie outside. */
export function offsets(text: string): (line: number, character: number) => number {
	const starts = [0];
	for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
	return (line, character) => {
		const start = starts[line];
		if (start === undefined) return text.length;
		const end = (starts[line + 1] ?? text.length + 1) - 1;
		return Math.min(start + character, end);
	};
}

/** From 1. */
export const lineOf = (text: string, offset: number): number =>
	text.slice(0, offset).split('\n').length;
