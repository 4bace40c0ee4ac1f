// The log of one run: plain text by whole lines, bounded, with a note where it was cut.

import type { JudgePhase } from '@containrlab/protocol/verdict.ts';
import { plain } from './text.ts';

/** Characters of one run's log. */
export const LOG_LIMIT = 1024 * 1024;
/** A line without an end is passed on in pieces of this many characters. */
const LINE_LIMIT = 8192;

export class RunLog {
	readonly #onLog: (phase: JudgePhase, text: string) => void;
	readonly #limit: number;
	#written = 0;
	#cut = false;

	constructor(onLog: (phase: JudgePhase, text: string) => void, limit = LOG_LIMIT) {
		this.#onLog = onLog;
		this.#limit = limit;
	}

	/** A sink for one program's output; call `end` when it is over. */
	stream(phase: JudgePhase): { push(chunk: Uint8Array): void; end(): void } {
		const decoder = new TextDecoder();
		let rest = '';
		return {
			push: (chunk) => {
				if (this.#cut) return;
				rest += decoder.decode(chunk, { stream: true });
				// Whole lines only, so that no escape sequence is cut in two.
				const end = rest.lastIndexOf('\n') + 1;
				if (end > 0) this.write(phase, rest.slice(0, end));
				rest = rest.slice(end);
				while (rest.length > LINE_LIMIT) {
					this.write(phase, rest.slice(0, LINE_LIMIT));
					rest = rest.slice(LINE_LIMIT);
				}
			},
			end: () => {
				if (rest !== '') this.write(phase, `${rest}\n`);
				rest = '';
			},
		};
	}

	write(phase: JudgePhase, text: string): void {
		if (this.#cut) return;
		const clean = plain(text);
		const room = this.#limit - this.#written;
		this.#written += clean.length;
		if (clean.length <= room) {
			if (clean !== '') this.#onLog(phase, clean);
			return;
		}
		this.#cut = true;
		this.#onLog(phase, `${clean.slice(0, room)}\n[The log ends here: it grew beyond its limit.]\n`);
	}
}
