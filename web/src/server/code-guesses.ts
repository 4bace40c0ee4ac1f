// Wrong codes: their answers come slowly when there are many of them. Right ones never wait, since
// with 50 bits and more nobody finds one by trying, however fast the answers come.

import { pause, Throttle } from './throttle.ts';

/** Wrong answers held back at once; beyond them the guesser is told to stop. */
const HELD = 200;
const ALL = 'all';

export class CodeGuesses {
	readonly #throttle: Throttle;
	#held = 0;

	constructor(throttle = new Throttle({ free: 60, forgiveMs: 2_000, maxDelayMs: 2_000 })) {
		this.#throttle = throttle;
	}

	/** After a wrong one; false when there are too many at once. */
	async wrong(): Promise<boolean> {
		this.#throttle.failed(ALL);
		if (this.#held >= HELD) return false;
		this.#held += 1;
		try {
			await pause(this.#throttle.delay(ALL));
			return true;
		} finally {
			this.#held -= 1;
		}
	}
}
