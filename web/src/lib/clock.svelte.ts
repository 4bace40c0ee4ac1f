// One clock for everything on the page that says how long ago: ticks only while something reads it.

import { createSubscriber } from 'svelte/reactivity';

class Clock {
	readonly #subscribe: () => void;

	constructor(intervalMs: number) {
		this.#subscribe = createSubscriber((update) => {
			const timer = setInterval(update, intervalMs);
			return () => clearInterval(timer);
		});
	}

	/** Milliseconds since the epoch. */
	get now(): number {
		this.#subscribe();
		return Date.now();
	}
}

/** For "3 min ago". */
export const clock = new Clock(15_000);
/** For what is counted in seconds. */
export const secondsClock = new Clock(1000);
