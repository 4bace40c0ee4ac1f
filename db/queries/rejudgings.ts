// All attempts of a lab judged again: what was asked for, and what came of it.

import { and, asc, count, desc, eq, inArray, ne, notInArray, sql } from 'drizzle-orm';
import { attempts, rejudgedAttempts, rejudgings, users, workspaces } from '../schema.ts';
import { codesOf, type AttemptRow, type AttemptStatus } from './attempts.ts';
import { first, type Executor } from './executor.ts';

type Rejudging = typeof rejudgings.$inferSelect;

/** Of a class; older reports go, the runs that they tell of stay with their attempts. */
const KEPT = 20;

/** Makes room for itself. */
export async function insertRejudging(
	db: Executor,
	rejudging: typeof rejudgings.$inferInsert,
): Promise<void> {
	await db.insert(rejudgings).values(rejudging);
	const kept = db
		.select({ id: rejudgings.id })
		.from(rejudgings)
		.where(eq(rejudgings.classId, rejudging.classId))
		.orderBy(desc(rejudgings.askedAt))
		.limit(KEPT);
	const { classId } = rejudging;
	await db
		.delete(rejudgings)
		.where(and(eq(rejudgings.classId, classId), notInArray(rejudgings.id, kept)));
}

/** How an attempt stood before; in the transaction that opens its next run. */
export async function noteBefore(
	tx: Executor,
	rejudgingId: string,
	before: Pick<AttemptRow, 'id' | 'try' | 'verdict' | 'judgeDigest'>,
): Promise<void> {
	const { id, verdict, judgeDigest } = before;
	if (!verdict) return;
	const { status } = verdict;
	const said = { try: before.try, status, codes: codesOf(verdict), judgeDigest };
	await tx.insert(rejudgedAttempts).values({ rejudgingId, attemptId: id, ...said });
}

/** Attempts that the judge had a word on, the oldest first. */
export async function judgedAttempts(
	db: Executor,
	filter: { classId: string; labSlug: string },
	limit: number,
): Promise<{ id: string; ownerId: string; labSlug: string; labDigest: string }[]> {
	const { ownerId, labSlug } = workspaces;
	return db
		.select({ id: attempts.id, ownerId, labSlug, labDigest: attempts.labDigest })
		.from(attempts)
		.innerJoin(workspaces, eq(workspaces.id, attempts.workspaceId))
		.where(
			and(
				eq(workspaces.classId, filter.classId),
				eq(workspaces.labSlug, filter.labSlug),
				inArray(sql`${attempts.verdict} ->> 'status'`, ['passed', 'failed', 'error']),
			),
		)
		.orderBy(asc(attempts.createdAt), asc(attempts.id))
		.limit(limit);
}

export type ListedRejudging = Rejudging & { by: string | null; asked: number; open: number };

const listed = {
	id: rejudgings.id,
	classId: rejudgings.classId,
	labSlug: rejudgings.labSlug,
	askedBy: rejudgings.askedBy,
	askedAt: rejudgings.askedAt,
	unjudgeable: rejudgings.unjudgeable,
	left: rejudgings.left,
	by: users.name,
	asked: count(attempts.id),
	open: sql<number>`(count(${attempts.id}) filter (where ${attempts.verdict} is null))::int`,
};

const list = (db: Executor) =>
	db
		.select(listed)
		.from(rejudgings)
		.leftJoin(users, eq(users.id, rejudgings.askedBy))
		.leftJoin(rejudgedAttempts, eq(rejudgedAttempts.rejudgingId, rejudgings.id))
		.leftJoin(attempts, eq(attempts.id, rejudgedAttempts.attemptId))
		.groupBy(rejudgings.id, users.name);

/** The newest first. */
export async function rejudgingsOf(db: Executor, classId: string): Promise<ListedRejudging[]> {
	return list(db)
		.where(eq(rejudgings.classId, classId))
		.orderBy(desc(rejudgings.askedAt))
		.limit(KEPT);
}

export async function rejudgingById(
	db: Executor,
	id: string,
): Promise<ListedRejudging | undefined> {
	return first(await list(db).where(eq(rejudgings.id, id)));
}

export type Difference = {
	attempt: string;
	number: number;
	student: { id: string; name: string };
	before: { status: AttemptStatus; codes: string[]; judgeDigest: string | null };
	after: { status: AttemptStatus; codes: string[]; judgeDigest: string | null };
};

/** What the judge says otherwise now, by its verdict or by what it found; not what is still open. */
export async function differencesOf(db: Executor, rejudgingId: string): Promise<Difference[]> {
	const rows = await db
		.select({
			attempt: attempts.id,
			number: attempts.number,
			student: { id: users.id, name: users.name },
			status: rejudgedAttempts.status,
			codes: rejudgedAttempts.codes,
			judgeDigest: rejudgedAttempts.judgeDigest,
			verdict: attempts.verdict,
			judgedBy: attempts.judgeDigest,
		})
		.from(rejudgedAttempts)
		.innerJoin(attempts, eq(attempts.id, rejudgedAttempts.attemptId))
		.innerJoin(workspaces, eq(workspaces.id, attempts.workspaceId))
		.innerJoin(users, eq(users.id, workspaces.ownerId))
		.where(
			and(
				eq(rejudgedAttempts.rejudgingId, rejudgingId),
				// The same try: trouble of ours, and what was said before stands.
				ne(attempts.try, rejudgedAttempts.try),
			),
		)
		.orderBy(sql`lower(${users.name})`, users.id, asc(attempts.number));
	return rows.flatMap(({ attempt, number, student, verdict, judgedBy, ...before }) => {
		if (!verdict) return [];
		const after = { status: verdict.status, codes: codesOf(verdict), judgeDigest: judgedBy };
		const same = before.status === after.status && `${before.codes}` === `${after.codes}`;
		return same ? [] : [{ attempt, number, student, before, after }];
	});
}
