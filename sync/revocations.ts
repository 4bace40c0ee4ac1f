// Who was shut out a moment ago, so that a ticket signed before that doesn't let them in again.

import type { Ticket } from '@containrlab/protocol/ticket.ts';
import { LIMITS } from './limits.ts';

export class Revocations {
	/** The second in which it happened; a ticket's `iat` is no finer. */
	#at = new Map<string, number>();
	#now: () => number;

	constructor(now: () => number = Date.now) {
		this.#now = now;
	}

	/** `userId` null: everyone. `final`: no ticket of that very second counts either. */
	add(room: string, userId: string | null, final: boolean): void {
		const key = keyOf(room, userId);
		const second = Math.floor(this.#now() / 1000);
		this.#at.delete(key);
		this.#at.set(key, final ? second + 1 : second);
		const oldest = second - LIMITS.revocationMs / 1000;
		for (const [old, at] of this.#at) {
			if (at > oldest) break;
			this.#at.delete(old);
		}
	}

	isRevoked({ resource, user, iat }: Ticket): boolean {
		return (
			iat < (this.#at.get(keyOf(resource, user.id)) ?? 0) ||
			iat < (this.#at.get(keyOf(resource, null)) ?? 0)
		);
	}
}

const keyOf = (room: string, userId: string | null): string => JSON.stringify([room, userId]);
