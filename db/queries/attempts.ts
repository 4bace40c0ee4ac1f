// Attempts: one submission each, with exactly one verdict.

import { and, asc, desc, eq, getTableColumns, gt, inArray, lt, notExists, sql } from 'drizzle-orm';
import type { PgUpdateSetSource } from 'drizzle-orm/pg-core';
import type { AttemptVerdict, JudgePhase, Withdrawn } from '@containrlab/protocol/verdict.ts';
import { attemptRuns, attempts, judgeLogs, workspaces, type AttemptPhase } from '../schema.ts';
import { judgedAgain, standAgain } from './attempt-runs.ts';
import { emitEvent } from './events.ts';
import { first, only, type Executor } from './executor.ts';
import { isDeepStrictEqual } from 'node:util';

export type AttemptRow = typeof attempts.$inferSelect;
export type AttemptStatus = AttemptRow['status'];
export type NewAttempt = Pick<
	typeof attempts.$inferInsert,
	'id' | 'workspaceId' | 'submittedBy' | 'source' | 'logSeq' | 'files' | 'left' | 'labDigest'
>;

const OPEN: AttemptStatus[] = ['queued', 'running'];

export async function attemptById(db: Executor, id: string): Promise<AttemptRow | undefined> {
	return first(await db.select().from(attempts).where(eq(attempts.id, id)));
}

/**
 * The submissions of a workspace that run or wait, the newest first: at most one of each. An earlier
 * one that is being judged again isn't among them: its place in the queue isn't new work's.
 */
async function openOf(tx: Executor, workspaceId: string): Promise<AttemptRow[]> {
	return tx
		.select()
		.from(attempts)
		.where(
			and(eq(attempts.workspaceId, workspaceId), inArray(attempts.status, OPEN), isFirstRun(tx)),
		)
		.orderBy(desc(attempts.number))
		.for('no key update');
}

/** Nobody has asked for it to be judged again. */
const isFirstRun = (db: Executor) =>
	notExists(
		db
			.select({ id: attemptRuns.attemptId })
			.from(attemptRuns)
			.where(eq(attemptRuns.attemptId, attempts.id)),
	);

export type Inserted = {
	row: AttemptRow;
	/** False: the very same work is in the queue already, as `row`. */
	created: boolean;
	/** What had waited: the caller withdraws it, in the same transaction. */
	replaces: AttemptRow | undefined;
};

/**
 * Adds an attempt in the place of the one that waits; call inside a transaction. The workspace's row
 * is locked meanwhile, so two clicks at once make one attempt and no number is given twice.
 */
export async function insertAttempt(tx: Executor, attempt: NewAttempt): Promise<Inserted> {
	await tx
		.select({ id: workspaces.id })
		.from(workspaces)
		.where(eq(workspaces.id, attempt.workspaceId))
		// Not `update`: events refer to this row, and their writers mustn't wait for us.
		.for('no key update');
	const open = await openOf(tx, attempt.workspaceId);
	const [newest] = open;
	if (newest && isSameWork(newest, attempt)) {
		return { row: newest, created: false, replaces: undefined };
	}
	const [last] = await tx
		.select({ number: attempts.number })
		.from(attempts)
		.where(eq(attempts.workspaceId, attempt.workspaceId))
		.orderBy(desc(attempts.number))
		.limit(1);
	const rows = await tx
		.insert(attempts)
		.values({ ...attempt, number: (last?.number ?? 0) + 1 })
		.returning();
	const replaces = open.find((each) => each.status === 'queued');
	return { row: only(rows), created: true, replaces };
}

/** The same files for the same lab: the verdict would be the same. */
const isSameWork = (row: AttemptRow, next: NewAttempt): boolean =>
	row.labDigest === next.labDigest &&
	row.source === next.source &&
	isDeepStrictEqual([row.files, row.left], [next.files, next.left ?? []]);

/** Tells browsers how an attempt stands; last in the transaction that changed it. */
export async function emitAttempt(tx: Executor, row: AttemptRow): Promise<void> {
	const rows = await tx
		.select({ classId: workspaces.classId })
		.from(workspaces)
		.where(eq(workspaces.id, row.workspaceId));
	const { classId } = only(rows);
	const again = await judgedAgain(tx, [row.id]);
	await emitEvent(
		tx,
		{ classId, workspaceId: row.workspaceId },
		{
			type: 'attempt',
			class: classId,
			workspace: row.workspaceId,
			attempt: row.id,
			number: row.number,
			status: row.status,
			phases: row.phases,
			...(again.has(row.id) && { again: true }),
		},
	);
}

/**
 * Changes an attempt that is still at this try and has no verdict; undefined when it has moved on.
 * Every change goes through here, so whoever comes late, changes nothing.
 */
async function change(
	db: Executor,
	run: { id: string; try: number },
	set: PgUpdateSetSource<typeof attempts>,
	/** More to write with it; a row that it answers is how the attempt then stands. */
	also?: (tx: Executor, row: AttemptRow) => Promise<AttemptRow | undefined>,
): Promise<AttemptRow | undefined> {
	return db.transaction(async (tx) => {
		const rows = await tx
			.update(attempts)
			.set(set)
			.where(
				and(eq(attempts.id, run.id), eq(attempts.try, run.try), inArray(attempts.status, OPEN)),
			)
			.returning();
		const row = first(rows);
		if (!row) return undefined;
		const standing = (await also?.(tx, row)) ?? row;
		await emitAttempt(tx, standing);
		return standing;
	});
}

export async function markRunning(
	db: Executor,
	run: { id: string; try: number },
): Promise<AttemptRow | undefined> {
	return change(db, run, {
		status: 'running',
		startedAt: sql`coalesce(${attempts.startedAt}, now())`,
	});
}

/** The judge met trouble of ours: the same attempt is run again under the next number. */
export async function nextTry(
	db: Executor,
	run: { id: string; try: number },
): Promise<AttemptRow | undefined> {
	return change(db, run, { try: run.try + 1, phases: [] });
}

/** One phase of the run as it stands; phases that are known keep their place. */
export async function recordPhase(
	db: Executor,
	run: { id: string; try: number },
	phase: AttemptPhase,
): Promise<AttemptRow | undefined> {
	return db.transaction(async (tx) => {
		const rows = await tx
			.select()
			.from(attempts)
			.where(eq(attempts.id, run.id))
			.for('no key update');
		const row = first(rows);
		if (!row) return undefined;
		return change(tx, run, { status: 'running', phases: withPhase(row.phases, phase) });
	});
}

function withPhase(phases: readonly AttemptPhase[], phase: AttemptPhase): AttemptPhase[] {
	const at = phases.findIndex((each) => each.phase === phase.phase);
	return at === -1 ? [...phases, phase] : phases.with(at, phase);
}

/** Of what failed, in order. */
export const codesOf = (verdict: AttemptVerdict): string[] =>
	verdict.status === 'failed' ? verdict.failures.map((failure) => failure.code) : [];

/**
 * Ends an attempt that has no verdict, as nobody's: undefined when it has one by now. One that was
 * judged again has the verdict that it had.
 */
export async function withdraw(
	db: Executor,
	run: { id: string; try: number },
	why: Withdrawn['why'],
): Promise<AttemptRow | undefined> {
	const verdict: Withdrawn = {
		...{ status: 'withdrawn', why, checks: [], metrics: { durationMs: 0 } },
	};
	return settle(db, run, { verdict, judgeDigest: null, phases: [], log: [] });
}

export type Outcome = {
	verdict: AttemptVerdict;
	judgeDigest: string | null;
	phases: AttemptPhase[];
	/** The complete log, which replaces what was streamed. */
	log: readonly { phase: JudgePhase; text: string }[];
};

/**
 * The verdict, once: undefined when this try has one already or is no longer the current one. Trouble
 * of ours while judging again leaves the attempt with the verdict that it had.
 */
export async function settle(
	db: Executor,
	run: { id: string; try: number },
	{ verdict, judgeDigest, phases, log }: Outcome,
): Promise<AttemptRow | undefined> {
	const set = {
		status: sql`coalesce(${attempts.override} ->> 'status', ${verdict.status})`,
		verdict,
		judgeDigest,
		phases,
		durationMs: verdict.status === 'withdrawn' ? null : Math.round(verdict.metrics.durationMs),
		imageBytes: verdict.metrics.imageBytes ?? null,
		finishedAt: new Date(),
	};
	return change(db, run, set, async (tx, row) => {
		if (log.length > 0) await replaceLog(tx, run, log);
		return standAgain(tx, row);
	});
}

async function replaceLog(
	tx: Executor,
	run: { id: string; try: number },
	log: Outcome['log'],
): Promise<void> {
	const at = and(eq(judgeLogs.attemptId, run.id), eq(judgeLogs.try, run.try));
	await tx.delete(judgeLogs).where(at);
	await appendLog(
		tx,
		run,
		log.map((piece, seq) => ({ ...piece, seq })),
	);
}

/** Pieces that are there already are left alone: a stream that resumes repeats itself. */
export async function appendLog(
	db: Executor,
	run: { id: string; try: number },
	pieces: readonly { phase: JudgePhase; seq: number; text: string }[],
): Promise<void> {
	for (let from = 0; from < pieces.length; from += 500) {
		const rows = pieces.slice(from, from + 500).map((piece) => ({
			attemptId: run.id,
			try: run.try,
			seq: piece.seq,
			phase: piece.phase,
			// Postgres' text holds no NUL, a build's output may.
			text: piece.text.replaceAll('\0', '\ufffd'),
		}));
		await db.insert(judgeLogs).values(rows).onConflictDoNothing();
	}
}

export async function logOf(
	db: Executor,
	run: { id: string; try: number },
): Promise<{ phase: string; text: string }[]> {
	return db
		.select({ phase: judgeLogs.phase, text: judgeLogs.text })
		.from(judgeLogs)
		.where(and(eq(judgeLogs.attemptId, run.id), eq(judgeLogs.try, run.try)))
		.orderBy(asc(judgeLogs.seq));
}

/** Newest first, without the lists of their files. */
export async function attemptsOf(
	db: Executor,
	workspaceId: string,
	limit: number,
): Promise<Omit<AttemptRow, 'files'>[]> {
	const { files: _, ...columns } = getTableColumns(attempts);
	return db
		.select(columns)
		.from(attempts)
		.where(eq(attempts.workspaceId, workspaceId))
		.orderBy(desc(attempts.number))
		.limit(limit);
}

/** The attempts of a workspace right before and right after this one. */
export async function neighboursOf(
	db: Executor,
	attempt: Pick<AttemptRow, 'workspaceId' | 'number'>,
): Promise<{ previous: Neighbour | undefined; next: Neighbour | undefined }> {
	const find = async (side: 'previous' | 'next') => {
		const beyond = side === 'next' ? gt : lt;
		const rows = await db
			.select({ id: attempts.id, number: attempts.number })
			.from(attempts)
			.where(
				and(eq(attempts.workspaceId, attempt.workspaceId), beyond(attempts.number, attempt.number)),
			)
			.orderBy(side === 'next' ? asc(attempts.number) : desc(attempts.number))
			.limit(1);
		return first(rows);
	};
	const [previous, next] = await Promise.all([find('previous'), find('next')]);
	return { previous, next };
}
export type Neighbour = { id: string; number: number };

/** The newest attempt of each workspace of a class, by workspace. */
export async function lastAttempts(
	db: Executor,
	classId: string,
): Promise<Map<string, { id: string; status: AttemptStatus; createdAt: Date; number: number }>> {
	const rows = await db
		.selectDistinctOn([attempts.workspaceId], {
			workspaceId: attempts.workspaceId,
			id: attempts.id,
			status: attempts.status,
			createdAt: attempts.createdAt,
			number: attempts.number,
		})
		.from(attempts)
		.innerJoin(workspaces, eq(workspaces.id, attempts.workspaceId))
		.where(eq(workspaces.classId, classId))
		.orderBy(attempts.workspaceId, desc(attempts.number));
	return new Map(rows.map(({ workspaceId, ...row }) => [workspaceId, row]));
}
