// Sessions beside what Lucia does with them: the list of one person's, and ending several at once.

import { and, desc, eq, gt, inArray, lte, ne, sql } from 'drizzle-orm';
import { sessions } from '../schema.ts';
import type { Executor } from './executor.ts';

export type SessionRow = typeof sessions.$inferSelect;

/** Those that still open something; the one used last comes first. */
export async function sessionsOf(db: Executor, userId: string): Promise<SessionRow[]> {
	return db
		.select()
		.from(sessions)
		.where(and(eq(sessions.userId, userId), gt(sessions.expiresAt, sql`now()`)))
		.orderBy(desc(sessions.seenAt));
}

/** All of someone's, or all but one. */
export async function endSessionsOf(db: Executor, userId: string, but?: string): Promise<void> {
	const theirs = eq(sessions.userId, userId);
	await db.delete(sessions).where(but === undefined ? theirs : and(theirs, ne(sessions.id, but)));
}

/** Ids of someone's sessions beyond the `keep` that were used last, which end. */
export async function endOldestSessions(
	db: Executor,
	userId: string,
	keep: number,
): Promise<string[]> {
	const oldest = db
		.select({ id: sessions.id })
		.from(sessions)
		.where(eq(sessions.userId, userId))
		.orderBy(desc(sessions.seenAt))
		.offset(keep);
	const rows = await db
		.delete(sessions)
		.where(inArray(sessions.id, oldest))
		.returning({ id: sessions.id });
	return rows.map((row) => row.id);
}

/** Ids of those that ended by their time. */
export async function endExpiredSessions(db: Executor): Promise<string[]> {
	const rows = await db
		.delete(sessions)
		.where(lte(sessions.expiresAt, sql`now()`))
		.returning({ id: sessions.id });
	return rows.map((row) => row.id);
}

export async function markSeen(
	db: Executor,
	id: string,
	at: { seenAt: Date; expiresAt?: Date },
): Promise<void> {
	await db.update(sessions).set(at).where(eq(sessions.id, id));
}
