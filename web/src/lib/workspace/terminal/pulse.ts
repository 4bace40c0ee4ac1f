// Whether the other side of a socket is still there. After a change of network or a laptop's sleep a
// socket looks open for many minutes; browsers tell a page nothing of the server's own heartbeat.

/** So long it may say nothing before it is asked (ms). */
const SILENT_MS = 10_000;
const ANSWER_MS = 5_000;
/** To be let in, which a busy server takes longer for. */
const OPEN_MS = 15_000;
/** What was heard so lately needn't be asked. */
const FRESH_MS = 1_000;
/** A timer that is so late: the page itself slept, and the answer may be waiting to be read. */
const SLEPT_MS = 2_000;

/** Of one connection; make a new one for each. */
export class Pulse {
	readonly #ask: () => void;
	readonly #gone: () => void;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#due = 0;
	#heardAt = 0;
	/** Waits for an answer; at first, to be let in. */
	#waiting = true;
	#askedAgain = false;

	/** Calls `ask` for what is always answered, and `gone` once when it isn't. */
	constructor(ask: () => void, gone: () => void) {
		this.#ask = ask;
		this.#gone = gone;
		this.#lookIn(OPEN_MS);
	}

	heard(): void {
		this.#heardAt = performance.now();
		if (!this.#waiting) return;
		this.#waiting = false;
		this.#askedAgain = false;
		this.#lookIn(SILENT_MS);
	}

	/** Someone types, or the network is another: it had better be there. */
	check(): void {
		if (!this.#waiting && performance.now() - this.#heardAt > FRESH_MS) this.#asks();
	}

	stop(): void {
		clearTimeout(this.#timer);
	}

	#asks(): void {
		this.#waiting = true;
		this.#ask();
		this.#lookIn(ANSWER_MS);
	}

	#lookIn(ms: number): void {
		clearTimeout(this.#timer);
		this.#due = performance.now() + ms;
		this.#timer = setTimeout(() => this.#look(), ms);
	}

	#look(): void {
		const now = performance.now();
		if (!this.#waiting) {
			const left = this.#heardAt + SILENT_MS - now;
			if (left > 0) this.#lookIn(left);
			else this.#asks();
		} else if (now - this.#due > SLEPT_MS && !this.#askedAgain) {
			this.#askedAgain = true;
			this.#asks();
		} else this.#gone();
	}
}
