// How much of a terminal's output has reached the screen, and when to say so: runnerd skips frames
// for a browser that falls behind.

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
 * Whether what xterm emits is from the user. While a snapshot is replayed, xterm answers the
 * queries in it, and those answers must not reach a shell that never asked.
 */
export class InputGate {
	#replaying = 0;

	begin(): void {
		this.#replaying += 1;
	}

	end(): void {
		this.#replaying = Math.max(0, this.#replaying - 1);
	}

	get open(): boolean {
		return this.#replaying === 0;
	}
}
