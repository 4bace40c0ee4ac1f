// When classes are in session, now or planned.

import { and, asc, eq, gt, isNull, lt, lte, ne, sql } from 'drizzle-orm';
import { newId } from '@containrlab/protocol/id.ts';
import type { SandboxLimits } from '@containrlab/protocol/sandbox.ts';
import { classes, classSessions, members } from '../schema.ts';
import { limitsOf } from './classes.ts';
import type { Executor } from './executor.ts';

export type ClassSession = { id: string; startsAt: Date; endsAt: Date };

/** Of one class, planned ahead. */
const MOST = 20;
/** Nobody asks for those that ended; a while they may help to see what happened. */
const KEPT = sql`interval '30 days'`;

/** Those of a class that aren't over, the next first. */
export async function sessionsOf(
	db: Executor,
	classId: string,
	now: Date,
): Promise<ClassSession[]> {
	return db
		.select({
			id: classSessions.id,
			startsAt: classSessions.startsAt,
			endsAt: classSessions.endsAt,
		})
		.from(classSessions)
		.where(and(eq(classSessions.classId, classId), gt(classSessions.endsAt, now)))
		.orderBy(asc(classSessions.startsAt));
}

/** False when it would overlap another of the class, or there are too many. */
export async function addSession(
	tx: Executor,
	classId: string,
	{ startsAt, endsAt }: Omit<ClassSession, 'id'>,
	now: Date,
): Promise<boolean> {
	await lockClass(tx, classId);
	const others = await sessionsOf(tx, classId, now);
	if (others.length >= MOST) return false;
	if (others.some((other) => other.startsAt < endsAt && startsAt < other.endsAt)) return false;
	await tx.insert(classSessions).values({ id: newId(), classId, startsAt, endsAt });
	return true;
}

/** False when it is over, or would run into the next one. */
export async function lengthenSession(
	tx: Executor,
	{ classId, id }: { classId: string; id: string },
	minutes: number,
	now: Date,
): Promise<boolean> {
	await lockClass(tx, classId);
	const endsAt = sql`${classSessions.endsAt} + make_interval(mins => ${minutes})`;
	const next = sql`exists (
		select from class_sessions n where n.class_id = ${classId} and n.id <> ${id}
			and n.starts_at >= ${classSessions.endsAt} and n.starts_at < ${endsAt})`;
	const changed = await tx
		.update(classSessions)
		.set({ endsAt })
		.where(
			and(
				...[eq(classSessions.classId, classId), eq(classSessions.id, id)],
				...[gt(classSessions.endsAt, now), sql`not ${next}`],
				sql`${endsAt} <= ${classSessions.startsAt} + interval '12 hours'`,
			),
		)
		.returning({ id: classSessions.id });
	return changed.length > 0;
}

/** Over as of now; one that hasn't begun is as if it had never been planned. */
export async function endSession(
	tx: Executor,
	{ classId, id }: { classId: string; id: string },
	now: Date,
): Promise<boolean> {
	const mine = and(eq(classSessions.classId, classId), eq(classSessions.id, id));
	const cancelled = await tx
		.delete(classSessions)
		.where(and(mine, gt(classSessions.startsAt, now)))
		.returning({ id: classSessions.id });
	const ended = await tx
		.update(classSessions)
		.set({ endsAt: now })
		.where(and(mine, lte(classSessions.startsAt, now), gt(classSessions.endsAt, now)))
		.returning({ id: classSessions.id });
	return cancelled.length + ended.length > 0;
}

/** Sessions that go on or begin before `soon`, of classes that aren't archived, with their students. */
export async function sessionsDue(
	db: Executor,
	now: Date,
	soon: Date,
	limit: number,
): Promise<
	{ classId: string; startsAt: Date; endsAt: Date; students: number; limits: SandboxLimits }[]
> {
	const students = sql<number>`(select count(*)::int from ${members} m
		where m.class_id = ${classSessions.classId} and m.role = 'student')`;
	const due = await db
		.select({
			class: classes,
			classId: classSessions.classId,
			startsAt: classSessions.startsAt,
			endsAt: classSessions.endsAt,
			students,
		})
		.from(classSessions)
		.innerJoin(classes, eq(classes.id, classSessions.classId))
		.where(
			and(
				...[gt(classSessions.endsAt, now), lt(classSessions.startsAt, soon)],
				...[isNull(classes.archivedAt), ne(classSessions.startsAt, classSessions.endsAt)],
			),
		)
		.orderBy(asc(classSessions.startsAt))
		.limit(limit);
	return due.map(({ class: of, ...session }) => ({ ...session, limits: limitsOf(of) }));
}

export async function deleteSessionsOver(db: Executor, now: Date): Promise<void> {
	const before = sql`${now.toISOString()}::timestamptz - ${KEPT}`;
	await db.delete(classSessions).where(lt(classSessions.endsAt, before));
}

/** Changes of a class's plan wait for one another. */
async function lockClass(tx: Executor, classId: string): Promise<void> {
	await tx.select({ id: classes.id }).from(classes).where(eq(classes.id, classId)).for('update');
}
