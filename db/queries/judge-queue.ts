// The queue of attempts as it stands: who is next, and how long one run takes.

import { and, asc, desc, eq, exists, inArray, isNotNull, sql } from 'drizzle-orm';
import { attemptRuns, attempts, workspaces } from '../schema.ts';
import type { Executor } from './executor.ts';

export type QueuedAttempt = {
	id: string;
	workspaceId: string;
	ownerId: string;
	status: 'queued' | 'running';
	/** Staff asked for another run: it waits in a line of its own. */
	again: boolean;
};

/** Everything that has no verdict yet, oldest first. */
export async function queuedAttempts(db: Executor): Promise<QueuedAttempt[]> {
	const again = db
		.select({ id: attemptRuns.attemptId })
		.from(attemptRuns)
		.where(eq(attemptRuns.attemptId, attempts.id));
	const rows = await db
		.select({
			id: attempts.id,
			workspaceId: attempts.workspaceId,
			ownerId: workspaces.ownerId,
			status: sql<'queued' | 'running'>`${attempts.status}`,
			again: sql<boolean>`${exists(again)}`,
		})
		.from(attempts)
		.innerJoin(workspaces, eq(workspaces.id, attempts.workspaceId))
		.where(inArray(attempts.status, ['queued', 'running']))
		.orderBy(asc(attempts.createdAt), asc(attempts.id));
	return rows;
}

/** What the last runs took, in milliseconds; undefined before the first. */
export async function typicalRunMs(db: Executor): Promise<number | undefined> {
	const recent = db
		.select({ ms: attempts.durationMs })
		.from(attempts)
		.where(and(inArray(attempts.status, ['passed', 'failed']), isNotNull(attempts.durationMs)))
		.orderBy(desc(attempts.createdAt))
		.limit(40)
		.as('recent');
	const [row] = await db.select({ ms: sql<number | null>`avg(${recent.ms})::int` }).from(recent);
	return row?.ms ?? undefined;
}
