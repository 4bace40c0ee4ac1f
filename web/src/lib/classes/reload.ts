// Loading a page's data again when events say so: at most once a second, never two at a time, and
// once more for what happened meanwhile.

export class Reload {
	readonly #load: () => Promise<void>;
	readonly #everyMs: number;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#last = -Infinity;
	#loading = false;
	#again = false;

	constructor(load: () => Promise<void>, everyMs = 1_000) {
		this.#load = load;
		this.#everyMs = everyMs;
	}

	/** As an arrow: it is handed around. */
	readonly soon = (): void => {
		if (this.#loading) this.#again = true;
		else this.#timer ??= setTimeout(() => void this.#run(), this.#wait());
	};

	/** Something was shown that a load under way may not know of. */
	readonly ifLoading = (): void => {
		if (this.#loading) this.#again = true;
	};

	stop(): void {
		clearTimeout(this.#timer);
	}

	#wait(): number {
		return Math.max(0, this.#last + this.#everyMs - Date.now());
	}

	async #run(): Promise<void> {
		this.#timer = undefined;
		this.#last = Date.now();
		this.#loading = true;
		this.#again = false;
		try {
			await this.#load();
		} catch {
			// The server is away: the page says so, and loads again when it is back.
		} finally {
			this.#loading = false;
		}
		if (this.#again) this.soon();
	}
}
