// Judging an attempt again, when staff ask for it.

import { and, asc, eq } from 'drizzle-orm';
import { attempts, workspaces } from '../schema.ts';
import { keepRun, lastTry } from './attempt-runs.ts';
import type { AttemptRow } from './attempts.ts';
import { first, only, type Executor } from './executor.ts';

/**
 * Opens the next run of an attempt that has a verdict, and keeps that verdict; undefined while one
 * is open. Call inside a transaction, together with the job and, last, its event.
 */
export async function judgeAgain(
	tx: Executor,
	attemptId: string,
	by: string,
): Promise<AttemptRow | undefined> {
	const row = first(
		await tx.select().from(attempts).where(eq(attempts.id, attemptId)).for('no key update'),
	);
	if (!row?.verdict || row.status === 'queued' || row.status === 'running') return undefined;
	const { verdict } = row;
	await keepRun(tx, { ...row, verdict }, by);
	const rows = await tx
		.update(attempts)
		.set({
			...{ status: 'queued', try: (await lastTry(tx, attemptId)) + 1, phases: [] },
			...{ verdict: null, judgeDigest: null, durationMs: null, imageBytes: null },
			...{ startedAt: null, finishedAt: null },
		})
		.where(eq(attempts.id, attemptId))
		.returning();
	return only(rows);
}

/** Attempts of a class that we could not check, the oldest first, with the version they pin. */
export async function erredAttempts(
	db: Executor,
	filter: { classId: string; labSlug?: string | undefined },
	limit: number,
): Promise<{ id: string; ownerId: string; labSlug: string; labDigest: string }[]> {
	return db
		.select({
			...{ id: attempts.id, ownerId: workspaces.ownerId },
			...{ labSlug: workspaces.labSlug, labDigest: attempts.labDigest },
		})
		.from(attempts)
		.innerJoin(workspaces, eq(workspaces.id, attempts.workspaceId))
		.where(
			and(
				eq(workspaces.classId, filter.classId),
				eq(attempts.status, 'error'),
				filter.labSlug === undefined ? undefined : eq(workspaces.labSlug, filter.labSlug),
			),
		)
		.orderBy(asc(attempts.createdAt), asc(attempts.id))
		.limit(limit);
}
