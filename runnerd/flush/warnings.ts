// What a student is told about files that can't be shared: once per path and reason.

import type { Warn } from './state.ts';

const TEXT: Record<string, (path: string) => string> = {
	'bad-path': (path) => `${path} can't be a file's name in the sandbox; it stays in the editor.`,
	'bad-name': (path) => `${path} has a name that can't be shared; it stays in the sandbox.`,
	'special-file': (path) => `${path} is a pipe, socket or device; it stays in the sandbox.`,
	'too-large': (path) => `${path} is too large to share; it stays in the sandbox.`,
	'too-many-files': (path) =>
		`This workspace holds all the files it can; ${path} and others stay in the sandbox.`,
	occupied: (path) => `${path} can't be written: something else of that name is in the sandbox.`,
	'no-space': (path) =>
		`${path} couldn't be written: the sandbox's disk is full. The editor has it safe, and it is written once there is room.`,
	blocked: (path) =>
		`${path} couldn't be written in the sandbox. The editor has it safe, and it is tried again.`,
	blind: () =>
		'This workspace has too many directories to watch; files from the terminal show up late.',
};
const MOST = 50;
/** Said once, whatever the path: one more file is the same news. */
const ONCE = new Set(['too-many-files', 'blind']);
const REMEMBERED = 5000;

export class Warnings {
	#warn: Warn;
	#told = new Set<string>();
	#counts = new Map<string, number>();

	constructor(warn: Warn) {
		this.#warn = warn;
	}

	tell(code: string, path = ''): void {
		const key = ONCE.has(code) ? code : `${code} ${path}`;
		if (this.#told.has(key) || this.#told.size >= REMEMBERED) return;
		this.#told.add(key);
		const count = (this.#counts.get(code) ?? 0) + 1;
		this.#counts.set(code, count);
		const shown = visible(path);
		const message = (TEXT[code] ?? TEXT['blocked']!)(shown);
		if (count < MOST) this.#warn(code, message, shown);
		else if (count === MOST) this.#warn(code, `${message} There are more such files.`, shown);
	}
}

/** A hostile name as something that can be shown and sent. */
export function visible(path: string): string {
	return path
		.toWellFormed()
		.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}]/gu, '\ufffd')
		.slice(0, 300);
}
