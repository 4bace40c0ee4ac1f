// When a room has its next turn: at the end of the event loop's, or, where many hear of each edit and one
// follows the other, a little later together with the next. Most of what a full room costs is the
// kernel's `write`, once for each member and turn.

import { LIMITS } from './limits.ts';
import type { Turns } from './turns.ts';

export class Pacing {
	#turns: Turns;
	#run: () => void;
	#timer: NodeJS.Timeout | undefined;
	/** What came since the last turn. */
	#bytes = 0;
	/** How long an edit waits for others (ms), until when: after a pause the first one doesn't. */
	#wait = 0;
	#until = 0;

	constructor(turns: Turns, run: () => void) {
		this.#turns = turns;
		this.#run = run;
	}

	/** A turn as soon as all that this event loop's brought is read. */
	now(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		this.#turns.room(this.#run);
	}

	/** A turn that may wait for others' edits; not with so many bytes that nobody typed them. */
	soon(bytes: number): void {
		this.#bytes += bytes;
		const isTyping = this.#wait > 0 && this.#bytes <= LIMITS.pace.bytes;
		if (!isTyping || performance.now() > this.#until) return this.now();
		this.#timer ??= setTimeout(() => this.now(), this.#wait);
	}

	/** The turn is here, with all that came. */
	turned(): void {
		this.#bytes = 0;
	}

	/** It told so many of what it brought. */
	told(members: number): void {
		const wait = Math.min(LIMITS.pace.mostMs, members * LIMITS.pace.msPerMember);
		// A timer's least.
		this.#wait = wait < 1 ? 0 : wait;
		if (this.#wait > 0) this.#until = performance.now() + wait * LIMITS.pace.pause;
	}

	/** The room is no more. */
	end(): void {
		clearTimeout(this.#timer);
	}
}
