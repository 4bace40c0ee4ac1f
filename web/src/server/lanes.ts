// Work in lanes: one at a time in each, a short queue behind it, and a bound on all of them.

export class Lanes {
	readonly #waiting = new Map<string, { count: number; last: Promise<unknown> }>();
	readonly #perLane: number;
	readonly #inAll: number;
	#all = 0;

	constructor(perLane: number, inAll: number) {
		this.#perLane = perLane;
		this.#inAll = inAll;
	}

	/** Undefined when the queue is full: nothing was done. */
	async run<T>(lane: string, work: () => Promise<T>): Promise<T | undefined> {
		const before = this.#waiting.get(lane) ?? { count: 0, last: Promise.resolve() };
		if (before.count >= this.#perLane || this.#all >= this.#inAll) return undefined;
		const mine = before.last.then(work, work);
		this.#waiting.set(lane, { count: before.count + 1, last: mine });
		this.#all += 1;
		try {
			return await mine;
		} finally {
			this.#all -= 1;
			const now = this.#waiting.get(lane)!;
			if (now.count === 1) this.#waiting.delete(lane);
			else now.count -= 1;
		}
	}
}
