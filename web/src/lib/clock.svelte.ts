// One clock for everything on the page that says how long ago: ticks only while something reads it.

import { createSubscriber } from 'svelte/reactivity';

/** What lies between the page's making and its showing is less than that. */
const RIGHT_MS = 30_000;
let ahead = 0;

/** Laptops' clocks may be hours off; what the page tells times of is the server's. */
export function followServer(serverNow: number, here = Date.now()): void {
	ahead = Math.abs(serverNow - here) < RIGHT_MS ? 0 : serverNow - here;
}

class Clock {
	readonly #subscribe: () => void;

	constructor(intervalMs: number) {
		this.#subscribe = createSubscriber((update) => {
			const timer = setInterval(update, intervalMs);
			return () => clearInterval(timer);
		});
	}

	/** Milliseconds since the epoch, by the server's clock. */
	get now(): number {
		this.#subscribe();
		return Date.now() + ahead;
	}
}

/** For "3 min ago". */
export const clock = new Clock(15_000);
/** For what is counted in seconds. */
export const secondsClock = new Clock(1000);
