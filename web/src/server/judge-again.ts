// Judging again because staff ask: the same files, the same version of the lab, another run.

import type { Database } from '@containrlab/db/connect.ts';
import { recordAudit } from '@containrlab/db/queries/audit.ts';
import { attemptById, emitAttempt, type AttemptRow } from '@containrlab/db/queries/attempts.ts';
import type { Executor } from '@containrlab/db/queries/executor.ts';
import { erredAttempts, judgeAgain } from '@containrlab/db/queries/judge-again.ts';
import { insertRejudging, judgedAttempts, noteBefore } from '@containrlab/db/queries/rejudgings.ts';
import { newId } from '@containrlab/protocol/id.ts';
import type { Labs } from './labs.ts';
import type { Enqueue } from './submit.ts';

/** At one click: a class's worth, and no more than the judge gets through in some minutes. */
const AT_ONCE = 100;
/** Of a lab: a large class's term. They are judged one at a time, behind whoever submits. */
const LAB_AT_ONCE = 1000;

type Again = { id: string; ownerId: string; labSlug: string; labDigest: string };

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

	/** The caller has checked that `by` may. `also` writes more beside it: how it stood, in `before`. */
	async attempt(
		attempt: Again,
		classId: string,
		by: string,
		also: (tx: Executor, before: AttemptRow) => Promise<void> = async () => {},
	): Promise<JudgedAgain> {
		if (!this.possible(attempt.labSlug, attempt.labDigest)) {
			return { ok: false, reason: 'lab-changed' };
		}
		return this.#db.transaction(async (tx) => {
			const before = await attemptById(tx, attempt.id);
			const opened = await judgeAgain(tx, attempt.id, by);
			if (!before || !opened) return { ok: false, reason: 'open' };
			await also(tx, before);
			const subject = attempt.id;
			await recordAudit(tx, { actorId: by, action: 'attempt.judge-again', classId, subject });
			const job = { attempt: attempt.id, student: attempt.ownerId, again: true };
			await this.#enqueue(tx, job);
			await emitAttempt(tx, opened);
			return { ok: true };
		});
	}

	/**
	 * All attempts of a lab, the oldest first, to see whether the judge still says the same; answers the
	 * report's id.
	 */
	async lab(classId: string, labSlug: string, by: string): Promise<string> {
		const judged = await judgedAttempts(this.#db, { classId, labSlug }, LAB_AT_ONCE + 1);
		const taken = judged.slice(0, LAB_AT_ONCE);
		const possible = taken.filter((each) => this.possible(each.labSlug, each.labDigest));
		const id = newId();
		const unjudgeable = taken.length - possible.length;
		const left = judged.length - taken.length;
		await this.#db.transaction(async (tx) => {
			await insertRejudging(tx, { id, classId, labSlug, askedBy: by, unjudgeable, left });
			const detail = { labSlug, attempts: possible.length };
			const action = 'lab.judge-again';
			await recordAudit(tx, { actorId: by, action, classId, subject: id, detail });
		});
		// Each by itself: who submits meanwhile doesn't wait for hundreds of rows.
		for (const attempt of possible) {
			await this.attempt(attempt, classId, by, (tx, before) => noteBefore(tx, id, before));
		}
		return id;
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
