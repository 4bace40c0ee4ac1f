// Whether a terminal prints more than anyone can read, for longer than a long listing takes.

/** What a build or a listing may print at once; bytes. */
const AT_ONCE = 8 * 1024 * 1024;
/** What may be printed for ever, ten times what a quick reader takes in; bytes in a second. */
const STEADY = 32 * 1024;

export class FloodGauge {
	#level = 0;
	#at = 0;

	/** True when it runs over; then it begins anew. `now` in milliseconds. */
	over(bytes: number, now = performance.now()): boolean {
		this.#level = Math.max(0, this.#level - ((now - this.#at) * STEADY) / 1000) + bytes;
		this.#at = now;
		if (this.#level < AT_ONCE) return false;
		this.#level = 0;
		return true;
	}
}
