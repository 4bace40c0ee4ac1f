// A bounded number of things at once; who waits is let in by rank, then by time.

type Waiter = { rank: number; enter(): void };

export class Gate {
	#free: number;
	#waiting: Waiter[] = [];

	constructor(width: number) {
		this.#free = width;
	}

	/** Resolves with the place taken, to be disposed; rejects with the signal's reason. Low rank first. */
	async enter(rank: number, signal: AbortSignal): Promise<Disposable> {
		signal.throwIfAborted();
		if (this.#free > 0) this.#free--;
		else await this.#wait(rank, signal);
		let held = true;
		return {
			[Symbol.dispose]: () => {
				if (held) this.#leave();
				held = false;
			},
		};
	}

	#wait(rank: number, signal: AbortSignal): Promise<void> {
		return new Promise((resolve, reject) => {
			const abort = () => {
				this.#waiting = this.#waiting.filter((other) => other !== waiter);
				reject(signal.reason as Error);
			};
			const enter = () => {
				signal.removeEventListener('abort', abort);
				resolve();
			};
			const waiter = { rank, enter };
			const behind = this.#waiting.findIndex((other) => other.rank > rank);
			this.#waiting.splice(behind < 0 ? this.#waiting.length : behind, 0, waiter);
			signal.addEventListener('abort', abort, { once: true });
		});
	}

	/** The place goes straight to the next in line. */
	#leave(): void {
		const next = this.#waiting.shift();
		if (next) next.enter();
		else this.#free++;
	}
}
