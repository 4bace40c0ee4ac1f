// Entries whose path vanished, or whose file was emptied: for how long that may still be undone.

import type { Sides } from './reconcile.ts';

/** Before a path that vanished counts as deleted or moved (ms). */
export const VANISH_MS = 60;
/**
 * Before a file that was emptied counts as empty (ms): between emptying and writing it, a program on
 * a busy machine is held up for longer than one would think. All it had not read would go.
 */
const EMPTIED_MS = 1500;

export class Waiting {
	readonly #since = new Map<string, number>();

	/** Whether an entry has had its time, at `now`. */
	settled(now: number): Sides['settled'] {
		return (id, how) => {
			const since = this.#since.get(id);
			return since !== undefined && now - since >= (how === 'emptied' ? EMPTIED_MS : VANISH_MS);
		};
	}

	/** Those that a plan made at `now` waits for: the others are back, or dealt with. */
	keep(ids: readonly string[], now: number): void {
		for (const id of this.#since.keys()) if (!ids.includes(id)) this.#since.delete(id);
		for (const id of ids) if (!this.#since.has(id)) this.#since.set(id, now);
	}
}
