// The finished runs of an attempt that are no longer its verdict, kept with who asked for another.

import { and, asc, desc, eq, inArray, lt, max, ne, sql } from 'drizzle-orm';
import { attemptRuns, attempts, users } from '../schema.ts';
import type { AttemptRow } from './attempts.ts';
import { first, only, type Executor } from './executor.ts';

export type KeptRun = typeof attemptRuns.$inferSelect;
type Finished = Omit<AttemptRow, 'verdict'> & Pick<KeptRun, 'verdict'>;

export async function keepRun(tx: Executor, row: Finished, by: string): Promise<void> {
	const { verdict, phases, judgeDigest, durationMs, imageBytes } = row;
	// The judge's word, whatever staff made of it.
	const { status } = verdict;
	const { startedAt, finishedAt } = row;
	await tx.insert(attemptRuns).values({
		...{ attemptId: row.id, try: row.try, status, verdict, phases, judgeDigest },
		...{ durationMs, imageBytes, startedAt, finishedAt, supersededBy: by },
	});
}

/** The highest number that a finished run of this attempt had; 0 before the first. */
export async function lastTry(db: Executor, attemptId: string): Promise<number> {
	const rows = await db
		.select({ last: max(attemptRuns.try) })
		.from(attemptRuns)
		.where(eq(attemptRuns.attemptId, attemptId));
	return only(rows).last ?? 0;
}

/**
 * A run that failed for reasons of ours, or was cancelled, takes no earlier verdict away: that one
 * stands again, and the run is kept beside it, under the name of who had asked for it. Undefined when
 * there is none. The caller has just settled `row`, and holds it.
 */
export async function standAgain(tx: Executor, row: AttemptRow): Promise<AttemptRow | undefined> {
	const status = row.verdict?.status;
	if (status !== 'error' && status !== 'withdrawn') return undefined;
	const earlier = first(
		await tx
			.select()
			.from(attemptRuns)
			.where(
				and(
					eq(attemptRuns.attemptId, row.id),
					lt(attemptRuns.try, row.try),
					ne(attemptRuns.status, 'withdrawn'),
					// Trouble of ours stands again only where someone thought better of another run.
					status === 'error' ? ne(attemptRuns.status, 'error') : undefined,
				),
			)
			.orderBy(desc(attemptRuns.try))
			.limit(1),
	);
	if (!earlier || !row.verdict) return undefined;
	const { attemptId, supersededBy, supersededAt, ...result } = earlier;
	await tx
		.delete(attemptRuns)
		.where(and(eq(attemptRuns.attemptId, attemptId), eq(attemptRuns.try, earlier.try)));
	await tx.insert(attemptRuns).values({
		...{ attemptId, try: row.try, status, verdict: row.verdict, phases: row.phases },
		...{ judgeDigest: row.judgeDigest, durationMs: row.durationMs, imageBytes: row.imageBytes },
		...{ startedAt: row.startedAt, finishedAt: row.finishedAt, supersededBy, supersededAt },
	});
	const stands = {
		...result,
		status: sql`coalesce(${attempts.override} ->> 'status', ${earlier.status})`,
	};
	return only(await tx.update(attempts).set(stands).where(eq(attempts.id, attemptId)).returning());
}

export type ListedRun = Pick<KeptRun, 'try' | 'status' | 'finishedAt' | 'durationMs'> & {
	/** Who had it judged again, and when. */
	by: string | null;
	at: Date;
};

/** The kept runs of an attempt, the earliest first. */
export async function runsOf(db: Executor, attemptId: string): Promise<ListedRun[]> {
	return db
		.select({
			try: attemptRuns.try,
			status: attemptRuns.status,
			finishedAt: attemptRuns.finishedAt,
			durationMs: attemptRuns.durationMs,
			by: users.name,
			at: attemptRuns.supersededAt,
		})
		.from(attemptRuns)
		.leftJoin(users, eq(users.id, attemptRuns.supersededBy))
		.where(eq(attemptRuns.attemptId, attemptId))
		.orderBy(asc(attemptRuns.try));
}

export async function keptRun(
	db: Executor,
	run: { id: string; try: number },
): Promise<KeptRun | undefined> {
	return first(
		await db
			.select()
			.from(attemptRuns)
			.where(and(eq(attemptRuns.attemptId, run.id), eq(attemptRuns.try, run.try))),
	);
}

/** Which of these were judged again by now. */
export async function judgedAgain(db: Executor, ids: readonly string[]): Promise<Set<string>> {
	if (ids.length === 0) return new Set();
	const rows = await db
		.selectDistinct({ id: attemptRuns.attemptId })
		.from(attemptRuns)
		.where(inArray(attemptRuns.attemptId, [...ids]));
	return new Set(rows.map((row) => row.id));
}
