// Log files of a bounded size: a full one becomes `.1`, and the one before it goes.

import { appendFileSync, renameSync, statSync } from 'node:fs';

/** Two of these per service at most. */
const LOG_BYTES = 8 * 1024 * 1024;

/**
 * Appends at once, so that the last words before a crash are there. What can't be written (a full
 * disk) is counted instead: a log must never end the program whose log it is.
 */
export function openLog(path: string, limit = LOG_BYTES): (line: string) => void {
	let size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
	let lost = 0;
	const append = (line: string) => {
		const text = `${line}\n`;
		if (size + text.length > limit) {
			if (size > 0) renameSync(path, `${path}.1`);
			size = 0;
		}
		appendFileSync(path, text, { mode: 0o600 });
		size += Buffer.byteLength(text);
	};
	return (line) => {
		try {
			if (lost > 0) append(`(${lost} lines could not be written here)`);
			lost = 0;
			append(line);
		} catch {
			lost += 1;
		}
	};
}
