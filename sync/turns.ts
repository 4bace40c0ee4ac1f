// One turn of the event loop: rooms that received something run once, then sockets that have
// something to send write once.

export class Turns {
	#rooms = new Set<() => void>();
	#writes: (() => void)[] = [];
	#ends: (() => void)[] = [];
	#scheduled = false;
	/** Counts them. */
	number = 0;

	/** Runs `task` once at the end of this turn, however often it is asked for. */
	room(task: () => void): void {
		this.#rooms.add(task);
		this.#schedule();
	}

	/** Runs `task` after all rooms; whoever asks does so once a turn. */
	write(task: () => void): void {
		this.#writes.push(task);
		this.#schedule();
	}

	/** Resolves when this turn is over. */
	end(): Promise<void> {
		this.#schedule();
		return new Promise((resolve) => this.#ends.push(resolve));
	}

	#schedule(): void {
		if (this.#scheduled) return;
		this.#scheduled = true;
		setImmediate(() => this.run());
	}

	/** What the event loop calls; tests call it themselves. */
	run(): void {
		this.#scheduled = false;
		const rooms = this.#rooms;
		this.#rooms = new Set();
		for (const task of rooms) task();
		const writes = this.#writes;
		this.#writes = [];
		for (const task of writes) task();
		this.number += 1;
		const ends = this.#ends;
		this.#ends = [];
		for (const resolve of ends) resolve();
	}
}
