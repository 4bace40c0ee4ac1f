// Who was shut out a moment ago, so that a ticket signed before that doesn't let them in again.

import type { Ticket } from '@containrlab/protocol/ticket.ts';
import { LIMITS } from './limits.ts';

export class Revocations {
	/** The second in which it happened; a ticket's `iat` is no finer. */
	#at = new Map<string, { second: number; ms: number; offset: number }>();
	#now: () => number;
	#elapsed: () => number;

	/** `now` is the clock that tickets are signed by, `elapsed` one that only goes on. */
	constructor(now: () => number = Date.now, elapsed = () => performance.now()) {
		this.#now = now;
		this.#elapsed = elapsed;
	}

	/** `userId` null: everyone. `final`: no ticket of that very second counts either. */
	add(room: string, userId: string | null, final: boolean): void {
		const key = keyOf(room, userId);
		const ms = this.#elapsed();
		const second = Math.floor(this.#now() / 1000) + (final ? 1 : 0);
		this.#at.delete(key);
		this.#at.set(key, { second, ms, offset: this.#offset() });
		for (const [old, at] of this.#at) {
			if (ms - at.ms < LIMITS.revocationMs) break;
			this.#at.delete(old);
		}
	}

	isRevoked({ resource, user, iat }: Ticket): boolean {
		return (
			iat < this.#secondOf(keyOf(resource, user.id)) || iat < this.#secondOf(keyOf(resource, null))
		);
	}

	/**
	 * The first second whose tickets count again, by the clock as it is set now: set back, it would
	 * else shut out everyone who was asked to come back with a new ticket.
	 */
	#secondOf(key: string): number {
		const at = this.#at.get(key);
		if (!at) return 0;
		return at.second + Math.round((this.#offset() - at.offset) / 1000);
	}

	/** Changes only when the clock is set. */
	#offset(): number {
		return this.#now() - this.#elapsed();
	}
}

const keyOf = (room: string, userId: string | null): string => JSON.stringify([room, userId]);
