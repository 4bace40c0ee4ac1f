// What is open on someone's behalf, so that it can be cut the moment their access ends.

import { z } from 'zod';

/**
 * Whose access ended: one session (sign-out), one person in one class (removal), or all sessions of
 * one person, perhaps `but` one (a new password, a new return code).
 */
export const Revocation = z.discriminatedUnion('kind', [
	z.object({ kind: z.literal('session'), sessionId: z.string() }),
	z.object({ kind: z.literal('member'), userId: z.string(), classId: z.string() }),
	z.object({ kind: z.literal('user'), userId: z.string(), but: z.string().optional() }),
]);
export type Revocation = z.infer<typeof Revocation>;

export interface Open {
	userId: string;
	sessionId: string;
	/** Undefined for streams that span classes; `recheck` decides about those. */
	classId: string | undefined;
	cut: () => void;
	/** Something changed in a class of theirs; a stream reads its memberships again. */
	recheck?: () => void;
}

export class OpenConnections {
	readonly #all = new Set<Open>();

	add(open: Open): Disposable {
		this.#all.add(open);
		return { [Symbol.dispose]: () => void this.#all.delete(open) };
	}

	apply(revocation: Revocation): void {
		for (const open of [...this.#all]) {
			if (revocation.kind === 'session') {
				if (open.sessionId === revocation.sessionId) open.cut();
			} else if (revocation.kind === 'user') {
				const theirs = open.userId === revocation.userId;
				if (theirs && open.sessionId !== revocation.but) open.cut();
			} else if (open.userId === revocation.userId) {
				if (open.classId === revocation.classId) open.cut();
				else open.recheck?.();
			}
		}
	}

	/** How many are open for one person: a bound against one browser opening thousands. */
	countOf(userId: string): number {
		let count = 0;
		for (const open of this.#all) if (open.userId === userId) count += 1;
		return count;
	}

	cutAll(): void {
		for (const open of [...this.#all]) open.cut();
	}
}
