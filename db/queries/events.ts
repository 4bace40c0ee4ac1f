// What browsers are told: rows in the order of their commits, announced by NOTIFY.

import { and, asc, desc, eq, gt, inArray, sql } from 'drizzle-orm';
import type { BrowserEvent } from '@containrlab/protocol/events.ts';
import { events, members, runnerCursor, workspaces } from '../schema.ts';
import { first, only, type Executor } from './executor.ts';

export const EVENTS_CHANNEL = 'containrlab_events';

/** Serialises writers until their commit, so that a reader who saw id n has seen all below it. */
const EVENTS_LOCK = 7310012;

export type StoredEvent = {
	id: number;
	classId: string;
	workspaceId: string | null;
	/** Of the workspace; null when the event is the whole class's. */
	ownerId: string | null;
	payload: BrowserEvent;
};

/**
 * Call last in a transaction: the lock is held until it ends. Listeners hear of it at the commit.
 * Without a transaction around it, it opens its own.
 */
export async function emitEvent(
	db: Executor,
	target: { classId: string; workspaceId: string | null },
	payload: BrowserEvent,
): Promise<number> {
	return db.transaction(async (tx) => {
		await tx.execute(sql`select pg_advisory_xact_lock(${EVENTS_LOCK})`);
		const { id } = only(
			await tx
				.insert(events)
				.values({ ...target, type: payload.type, payload })
				.returning({ id: events.id }),
		);
		await tx.execute(sql`select pg_notify(${EVENTS_CHANNEL}, ${String(id)})`);
		return id;
	});
}

/** To everyone who may see the workspace; nothing when it is gone. */
export async function emitWorkspaceEvent(
	db: Executor,
	workspaceId: string,
	payload: BrowserEvent,
): Promise<void> {
	const rows = await db
		.select({ classId: workspaces.classId })
		.from(workspaces)
		.where(eq(workspaces.id, workspaceId));
	const found = first(rows);
	if (found) await emitEvent(db, { classId: found.classId, workspaceId }, payload);
}

const columns = {
	id: events.id,
	classId: events.classId,
	workspaceId: events.workspaceId,
	ownerId: workspaces.ownerId,
	payload: sql<BrowserEvent>`${events.payload}`,
};

/** Everything after `id`, for the hub. */
export async function eventsAfter(db: Executor, id: number, limit: number): Promise<StoredEvent[]> {
	return db
		.select(columns)
		.from(events)
		.leftJoin(workspaces, eq(workspaces.id, events.workspaceId))
		.where(gt(events.id, id))
		.orderBy(asc(events.id))
		.limit(limit);
}

/** Everything after `id` in the classes that someone is in; what they may see of it is the caller's. */
export async function classEventsAfter(
	db: Executor,
	classIds: readonly string[],
	id: number,
	limit: number,
): Promise<StoredEvent[]> {
	if (classIds.length === 0) return [];
	return db
		.select(columns)
		.from(events)
		.leftJoin(workspaces, eq(workspaces.id, events.workspaceId))
		.where(and(inArray(events.classId, [...classIds]), gt(events.id, id)))
		.orderBy(asc(events.id))
		.limit(limit);
}

export async function lastEventId(db: Executor): Promise<number> {
	const rows = await db.select({ id: events.id }).from(events).orderBy(desc(events.id)).limit(1);
	return first(rows)?.id ?? 0;
}

/** Forgets what no browser will ask for again. */
export async function pruneEvents(db: Executor, keepDays: number): Promise<void> {
	await db.delete(events).where(sql`${events.at} < now() - make_interval(days => ${keepDays})`);
}

/** Workspaces whose sandbox, by the last that was heard of it, is neither gone nor failed. */
export async function workspacesThoughtAlive(db: Executor): Promise<string[]> {
	const last = db
		.selectDistinctOn([events.workspaceId], {
			workspaceId: events.workspaceId,
			status: sql<string>`${events.payload} -> 'state' ->> 'status'`.as('status'),
		})
		.from(events)
		.where(eq(events.type, 'sandbox'))
		.orderBy(events.workspaceId, desc(events.id))
		.as('last');
	const rows = await db
		.select({ id: last.workspaceId })
		.from(last)
		.where(sql`${last.status} not in ('gone', 'failed')`);
	return rows.flatMap((row) => (row.id === null ? [] : [row.id]));
}

/** The classes that someone is in, and as what: decides which events reach them. */
export async function rolesOf(
	db: Executor,
	userId: string,
): Promise<Map<string, 'instructor' | 'ta' | 'student'>> {
	const rows = await db
		.select({ classId: members.classId, role: members.role })
		.from(members)
		.where(eq(members.userId, userId));
	return new Map(rows.map((row) => [row.classId, row.role]));
}

export type Cursor = { launch: string; seq: number };

/** `locked`: nobody else moves it before the transaction ends. */
export async function readCursor(
	db: Executor,
	runner: string,
	mode?: 'locked',
): Promise<Cursor | undefined> {
	const query = db
		.select({ launch: runnerCursor.launch, seq: runnerCursor.seq })
		.from(runnerCursor)
		.where(eq(runnerCursor.runner, runner));
	return first(mode === 'locked' ? await query.for('update') : await query);
}

export async function writeCursor(db: Executor, runner: string, cursor: Cursor): Promise<void> {
	await db
		.insert(runnerCursor)
		.values({ runner, ...cursor })
		.onConflictDoUpdate({ target: runnerCursor.runner, set: cursor });
}
