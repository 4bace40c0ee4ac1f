// Log files of a bounded size: a full one becomes `.1`, and the one before it goes.

import { appendFileSync, renameSync, statSync } from 'node:fs';

/** Two of these per service at most. */
export const LOG_BYTES = 8 * 1024 * 1024;

/** Appends at once, so that the last words before a crash are there. */
export function openLog(path: string, limit = LOG_BYTES): (line: string) => void {
	let size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
	return (line) => {
		const text = `${line}\n`;
		if (size + text.length > limit) {
			if (size > 0) renameSync(path, `${path}.1`);
			size = 0;
		}
		appendFileSync(path, text, { mode: 0o600 });
		size += Buffer.byteLength(text);
	};
}
