// Staff's word over the judge's: kept beside the verdict, which stays as it was.

import { and, eq, isNotNull, sql } from 'drizzle-orm';
import { attempts, type Override } from '../schema.ts';
import type { AttemptRow } from './attempts.ts';
import { first, type Executor } from './executor.ts';

/**
 * `undefined` takes an earlier word back. Answers how the attempt stands now; undefined while it has
 * no verdict. Another run of the judge leaves it as it is.
 */
export async function overrule(
	tx: Executor,
	attemptId: string,
	override: Override | undefined,
): Promise<AttemptRow | undefined> {
	const status = override?.status ?? sql`${attempts.verdict} ->> 'status'`;
	return first(
		await tx
			.update(attempts)
			.set({ override: override ?? null, status } as Partial<AttemptRow>)
			.where(and(eq(attempts.id, attemptId), isNotNull(attempts.verdict)))
			.returning(),
	);
}
