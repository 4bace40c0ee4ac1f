// One turn of the event loop: rooms that received something run once, then sockets that have
// something to send write once.

export class Turns {
	#rooms = new Set<() => void>();
	#writes: (() => void)[] = [];
	#scheduled = false;

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
	}
}
