// Which of the driver's windows gives a terminal its size: the one that was typed into last. Somebody
// who looks in by phone doesn't squeeze what they have open on their laptop. No I/O.

export interface Size {
	cols: number;
	rows: number;
}

/** Begins what a window answers by itself when a program asks it something. */
const ESCAPE = 0x1b;

export class WindowSize<Window> {
	/** What each would have. */
	#wanted = new Map<Window, Size>();
	#leader: Window | undefined;
	#mayType: (window: Window) => boolean;

	constructor(mayType: (window: Window) => boolean) {
		this.#mayType = mayType;
	}

	/** The size from now on, or undefined when another window leads. */
	resized(window: Window, size: Size): Size | undefined {
		this.#wanted.set(window, size);
		const led = this.#leader !== undefined && this.#mayType(this.#leader);
		return led && this.#leader !== window ? undefined : size;
	}

	/** Whether a program's questions are answered by this window: by one alone, or all would answer. */
	answers(window: Window): boolean {
		if (this.#leader !== undefined && this.#mayType(this.#leader)) return window === this.#leader;
		for (const other of this.#wanted.keys()) if (this.#mayType(other)) return window === other;
		return true;
	}

	/** The size from now on, when this changes who leads. */
	typed(window: Window, data: Uint8Array): Size | undefined {
		if (window === this.#leader || data[0] === ESCAPE) return undefined;
		this.#leader = window;
		return this.#wanted.get(window);
	}

	/** The size from now on, when it was the leader's and somebody is left to lead. */
	left(window: Window): Size | undefined {
		this.#wanted.delete(window);
		if (window !== this.#leader) return undefined;
		this.#leader = undefined;
		for (const [other, size] of this.#wanted) if (this.#mayType(other)) return size;
		return undefined;
	}
}
