// How much of a terminal's output has reached the screen, and when to say so: runnerd skips frames
// for a browser that falls behind.

import { TERMINAL_REPORT } from '@containrlab/protocol/terminal.ts';

/** Say it after this many bytes … */
const EVERY_BYTES = 32 * 1024;
/** … or when this long nothing was said (ms). */
export const ACK_AFTER_MS = 200;

/** Counts one connection; make a new one for each. */
export class AckCounter {
	#written = 0;
	#said = 0;

	/** `bytes` more are on the screen; returns the count to send now, or undefined to wait. */
	wrote(bytes: number): number | undefined {
		this.#written += bytes;
		return this.#written - this.#said >= EVERY_BYTES ? this.#say() : undefined;
	}

	/** The pause is over; returns the count to send, or undefined when there is nothing new. */
	flush(): number | undefined {
		return this.#written > this.#said ? this.#say() : undefined;
	}

	#say(): number {
		this.#said = this.#written;
		return this.#said;
	}
}

/**
 * What may go to the shell. While a snapshot is replayed xterm answers what is in it, and those
 * answers must not reach a shell that never asked. Keys always pass: in a flood one snapshot may
 * follow another, and Ctrl-C must come through.
 */
export class InputGate {
	#replaying = 0;

	begin(): void {
		this.#replaying += 1;
	}

	end(): void {
		this.#replaying = Math.max(0, this.#replaying - 1);
	}

	passes(data: string): boolean {
		return this.#replaying === 0 || !TERMINAL_REPORT.test(data);
	}
}
