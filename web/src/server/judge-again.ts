// Judging again because staff ask: the same files, the same version of the lab, another run.

import type { Database } from '@containrlab/db/connect.ts';
import { recordAudit } from '@containrlab/db/queries/audit.ts';
import { emitAttempt } from '@containrlab/db/queries/attempts.ts';
import { erredAttempts, judgeAgain } from '@containrlab/db/queries/judge-again.ts';
import type { Labs } from './labs.ts';
import type { Enqueue } from './submit.ts';

/** At one click: a class's worth, and no more than the judge gets through in some minutes. */
const AT_ONCE = 100;

export type JudgedAgain =
	| { ok: true }
	/** `open`: it has no verdict yet; `lab-changed`: its version of the lab is no longer here. */
	| { ok: false; reason: 'open' | 'lab-changed' };

export class JudgingAgain {
	readonly #db: Database;
	readonly #labs: Labs;
	readonly #enqueue: Enqueue;

	constructor(deps: { db: Database; labs: Labs; enqueue: Enqueue }) {
		this.#db = deps.db;
		this.#labs = deps.labs;
		this.#enqueue = deps.enqueue;
	}

	/** A verdict belongs to one version of a lab: by another one it would be another task's. */
	possible(labSlug: string, labDigest: string): boolean {
		return this.#labs.get(labSlug)?.digest === labDigest;
	}

	/** The caller has checked that `by` may. */
	async attempt(
		attempt: { id: string; labSlug: string; labDigest: string },
		classId: string,
		by: string,
	): Promise<JudgedAgain> {
		if (!this.possible(attempt.labSlug, attempt.labDigest)) {
			return { ok: false, reason: 'lab-changed' };
		}
		return this.#db.transaction(async (tx) => {
			const opened = await judgeAgain(tx, attempt.id, by);
			if (!opened) return { ok: false, reason: 'open' };
			const subject = attempt.id;
			await recordAudit(tx, { actorId: by, action: 'attempt.judge-again', classId, subject });
			await this.#enqueue(tx, attempt.id);
			await emitAttempt(tx, opened);
			return { ok: true };
		});
	}

	/** All that ended with trouble of ours, the oldest first, as many as go at once. */
	async errors(
		classId: string,
		labSlug: string | undefined,
		by: string,
	): Promise<{ asked: number; changed: number; left: number }> {
		const erred = await erredAttempts(this.#db, { classId, labSlug }, 10 * AT_ONCE);
		const possible = erred.filter((each) => this.possible(each.labSlug, each.labDigest));
		let asked = 0;
		for (const attempt of possible.slice(0, AT_ONCE)) {
			if ((await this.attempt(attempt, classId, by)).ok) asked += 1;
		}
		return {
			asked,
			changed: erred.length - possible.length,
			left: Math.max(0, possible.length - AT_ONCE),
		};
	}
}
