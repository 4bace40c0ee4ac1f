// Slows guessing down, without ever locking anyone out: a failure makes the next try on the same
// account wait, and many failures anywhere make every guess wait a little. Addresses don't count: a
// whole class sits behind one.

export type ThrottleOptions = {
	/** Failures per key that cost nothing: typing errors. */
	free: number;
	/** Doubles with each further failure up to `maxDelayMs`. */
	delayMs: number;
	maxDelayMs: number;
	/** What is forgiven, one failure each. */
	forgiveMs: number;
	/** Failures of all keys within `forgiveMs` beyond which everyone waits `delayMs`. */
	globalFree: number;
	/** Keys remembered at most; the oldest are forgotten first. */
	keys: number;
};

const DEFAULTS: ThrottleOptions = {
	free: 4,
	delayMs: 250,
	maxDelayMs: 4_000,
	forgiveMs: 60_000,
	globalFree: 300,
	keys: 20_000,
};

type Count = { failures: number; at: number };

export class Throttle {
	readonly #options: ThrottleOptions;
	readonly #now: () => number;
	readonly #counts = new Map<string, Count>();
	#all: Count = { failures: 0, at: 0 };

	constructor(options: Partial<ThrottleOptions> = {}, now = () => performance.now()) {
		this.#options = { ...DEFAULTS, ...options };
		this.#now = now;
	}

	/** How long the next try on `key` must wait, in milliseconds. */
	delay(key: string): number {
		const { delayMs, globalFree } = this.#options;
		const shared = this.#current(this.#all, globalFree) > globalFree ? delayMs : 0;
		return Math.max(this.ownDelay(key), shared);
	}

	/** The same, whatever fails elsewhere. */
	ownDelay(key: string): number {
		const { free, delayMs, maxDelayMs } = this.#options;
		const over = this.#current(this.#counts.get(key)) - free;
		return over <= 0 ? 0 : Math.min(delayMs * 2 ** (over - 1), maxDelayMs);
	}

	failed(key: string): void {
		const now = this.#now();
		const failures = this.#current(this.#counts.get(key)) + 1;
		this.#counts.delete(key);
		this.#counts.set(key, { failures, at: now });
		if (this.#counts.size > this.#options.keys) {
			const [oldest = key] = this.#counts.keys();
			this.#counts.delete(oldest);
		}
		this.#all = { failures: this.#current(this.#all, this.#options.globalFree) + 1, at: now };
	}

	succeeded(key: string): void {
		this.#counts.delete(key);
	}

	/** Failures that are left after `perWindow` were forgiven for each time that has passed. */
	#current(count: Count | undefined, perWindow = 1): number {
		if (!count) return 0;
		const forgiven = ((this.#now() - count.at) / this.#options.forgiveMs) * perWindow;
		return Math.max(0, count.failures - forgiven);
	}
}

export async function pause(ms: number): Promise<void> {
	if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}
