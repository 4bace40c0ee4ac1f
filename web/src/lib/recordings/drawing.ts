// What a screen shows of a recording at a moment: forward by its events, backward by beginning anew.

import type { Cast, Size } from './cast.ts';

export interface CastScreen {
	/** `done` once it is shown, with all that came before. */
	write(text: string, done?: () => void): void;
	resize(size: Size): void;
	reset(size: Size): void;
}

export class Drawing {
	readonly #cast: Cast;
	readonly #screen: CastScreen;
	/** Of the next event to show. */
	#next = 0;
	#drawn = Infinity;
	#wanted = 0;
	#busy = false;

	constructor(cast: Cast, screen: CastScreen) {
		this.#cast = cast;
		this.#screen = screen;
	}

	/** The newest call counts: who drags a slider asks faster than megabytes are drawn. */
	to(time: number): void {
		this.#wanted = time;
		if (!this.#busy) this.#draw();
	}

	#draw(): void {
		const screen = this.#screen;
		const { events, size } = this.#cast;
		if (this.#wanted < this.#drawn) {
			this.#next = 0;
			screen.reset(size);
		}
		this.#drawn = this.#wanted;
		this.#busy = true;
		let text = '';
		for (let event = events[this.#next]; event; event = events[this.#next]) {
			if (event.at > this.#drawn) break;
			this.#next += 1;
			if (event.kind === 'output') {
				text += event.text;
				continue;
			}
			screen.write(text);
			text = '';
			screen.resize(event.size);
		}
		screen.write(text, () => {
			this.#busy = false;
			if (this.#wanted !== this.#drawn) this.#draw();
		});
	}
}
