// Cancelling: an attempt that waits or runs gets no verdict, because nobody wants one any more.

import type { Database } from '@containrlab/db/connect.ts';
import { recordAudit } from '@containrlab/db/queries/audit.ts';
import { judgedAgain } from '@containrlab/db/queries/attempt-runs.ts';
import { withdraw } from '@containrlab/db/queries/attempts.ts';

export type Cancelled =
	| { ok: true }
	/** `judged`: its verdict came first; `asked-by-staff`: this run isn't its owner's to end. */
	| { ok: false; reason: 'judged' | 'asked-by-staff' };

/** As pages say it. */
export const NOT_CANCELLED = {
	judged: { status: 409, message: 'Its verdict came first: there is nothing left to cancel.' },
	'asked-by-staff': { status: 403, message: 'Your staff asked for this run; it is theirs to end.' },
} as const satisfies Record<string, { status: number; message: string }>;

export class Cancelling {
	readonly #db: Database;
	readonly #withdrawn: (attemptId: string) => void;

	/** `withdrawn` ends the run, where there is one; one that isn't heard of ends by itself. */
	constructor(deps: { db: Database; withdrawn: (attemptId: string) => void }) {
		this.#db = deps.db;
		this.#withdrawn = deps.withdrawn;
	}

	/** The caller has checked that `by` may withdraw in this workspace. */
	async cancel(
		attempt: { id: string; try: number },
		classId: string,
		by: { id: string; name: string; isStaff: boolean },
	): Promise<Cancelled> {
		const { id, name } = by;
		const cancelled = await this.#db.transaction(async (tx): Promise<Cancelled> => {
			if (!by.isStaff && (await judgedAgain(tx, [attempt.id])).has(attempt.id)) {
				return { ok: false, reason: 'asked-by-staff' };
			}
			const why = { kind: 'cancelled', by: { id, name } } as const;
			const ended = await withdraw(tx, attempt, why);
			if (!ended) return { ok: false, reason: 'judged' };
			const subject = attempt.id;
			await recordAudit(tx, { actorId: id, action: 'attempt.cancel', classId, subject });
			return { ok: true };
		});
		if (cancelled.ok) this.#withdrawn(attempt.id);
		return cancelled;
	}
}
