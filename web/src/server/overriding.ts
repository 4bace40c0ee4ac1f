// Staff's word over the judge's: a verdict, a reason, and who gave it.

import type { Database } from '@containrlab/db/connect.ts';
import { recordAudit } from '@containrlab/db/queries/audit.ts';
import { emitAttempt } from '@containrlab/db/queries/attempts.ts';
import { overrule } from '@containrlab/db/queries/override.ts';
import { z } from 'zod';

export const REASON = 500;

/** As the form sends it. */
export const OverrideForm = z.object({
	status: z.enum(['passed', 'failed']),
	reason: z
		.string()
		.trim()
		.min(1, 'Say why: the student reads it, and so do the others of the staff.')
		.max(REASON, `At most ${REASON} characters.`),
});
export type OverrideForm = z.infer<typeof OverrideForm>;

export class Overriding {
	readonly #db: Database;

	constructor(db: Database) {
		this.#db = db;
	}

	/**
	 * The caller has checked that `by` may. Without a word an earlier one is taken back. False while the
	 * attempt has no verdict.
	 */
	async decide(
		attemptId: string,
		classId: string,
		by: { id: string; name: string },
		word: OverrideForm | undefined,
	): Promise<boolean> {
		const at = new Date().toISOString();
		const { id, name } = by;
		return this.#db.transaction(async (tx) => {
			const row = await overrule(tx, attemptId, word && { ...word, by: { id, name }, at });
			if (!row) return false;
			await recordAudit(tx, {
				...{ actorId: id, classId, subject: attemptId },
				...(word
					? { action: 'attempt.override', detail: word }
					: { action: 'attempt.override-taken-back' }),
			});
			await emitAttempt(tx, row);
			return true;
		});
	}
}
