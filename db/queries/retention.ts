// Forgetting: what a class keeps no longer than its retention, and what belongs to nobody then.

import { and, eq, inArray, sql, type SQL } from 'drizzle-orm';
import { workspaceRoom } from '@containrlab/protocol/id.ts';
import { classes, docRooms, docUpdates, users, workspaces } from '../schema.ts';
import { first, type Executor } from './executor.ts';

/** For what belongs to no class: as long as a class keeps things unless it says otherwise. */
const DAYS = 180;
/** What was just made may belong to something that is about to be written. */
const FRESH = sql`interval '1 day'`;

const lastEdit = sql`(select ${docUpdates.at} from ${docUpdates} where ${docUpdates.room} = 'workspace:' || ${workspaces.id} order by ${docUpdates.seq} desc limit 1)`;

/** Opened, run, submitted or edited longer ago than its class keeps work. */
const isOver = (now: Date): SQL =>
	sql`greatest(${workspaces.lastActiveAt}, ${lastEdit}) < ${now.toISOString()}::timestamptz - make_interval(days => ${classes.retentionDays})`;

/** Workspaces whose time is over, the oldest first. */
export async function workspacesOver(db: Executor, now: Date, limit: number): Promise<string[]> {
	const rows = await db
		.select({ id: workspaces.id })
		.from(workspaces)
		.innerJoin(classes, eq(classes.id, workspaces.classId))
		.where(isOver(now))
		.orderBy(workspaces.lastActiveAt)
		.limit(limit);
	return rows.map((row) => row.id);
}

/**
 * Deletes a workspace with its document, attempts, logs, hands and events, unless someone has come
 * back to it meanwhile. The room is locked first: an edit under way is seen, or refused by sync.
 */
export async function deleteWorkspaceOver(db: Executor, id: string, now: Date): Promise<boolean> {
	return db.transaction(async (tx) => {
		const room = eq(docRooms.room, workspaceRoom(id));
		await tx.select({ room: docRooms.room }).from(docRooms).where(room).for('update');
		const still = await tx
			.select({ id: workspaces.id })
			.from(workspaces)
			.innerJoin(classes, eq(classes.id, workspaces.classId))
			.where(and(eq(workspaces.id, id), isOver(now)))
			.for('update', { of: workspaces });
		if (!first(still)) return false;
		await tx.delete(docRooms).where(room);
		await tx.delete(workspaces).where(eq(workspaces.id, id));
		return true;
	});
}

/**
 * Rooms whose log begins before what their class keeps, and where it may begin: documents in use
 * outlive their history. The order is the log's, so its first row is as good as its oldest.
 */
export async function historiesOver(
	db: Executor,
	now: Date,
	limit: number,
): Promise<{ room: string; before: Date }[]> {
	const rows = await db.execute<{ room: string; before: string }>(sql`
		select r.room, ${before(now)} as before
		from doc_rooms r
		left join workspaces w on r.room = 'workspace:' || w.id
		join classes c on c.id = w.class_id or r.room in ('board:' || c.id, 'class:' || c.id)
		cross join lateral (
			select u.at from doc_updates u where u.room = r.room order by u.seq limit 1) oldest
		where oldest.at < ${before(now)}
		order by oldest.at limit ${limit}`);
	return rows.map((row) => ({ room: row.room, before: new Date(row.before) }));
}

/**
 * Students who have no work left in a class and were not here since: their membership goes, with the
 * student number. Staff stay.
 */
export async function endMembershipsOver(db: Executor, now: Date): Promise<void> {
	await db.execute(sql`
		delete from members m using classes c
		where c.id = m.class_id and m.role = 'student'
			and m.joined_at < ${before(now)}
			and not exists (select from workspaces w where w.class_id = c.id and w.owner_id = m.user_id)
			and not exists (
				select from sessions s where s.user_id = m.user_id and s.seen_at >= ${before(now)})`);
	await db.execute(sql`
		delete from removals r using classes c, users u
		where c.id = r.class_id and u.id = r.user_id and u.email is null and r.at < ${before(now)}`);
}

const before = (now: Date): SQL =>
	sql`${now.toISOString()}::timestamptz - make_interval(days => c.retention_days)`;

/**
 * Guests who are in no class and left nothing. One who was removed from a class stays for as long
 * as its staff may let them back.
 */
export async function deleteGuestsOver(db: Executor, now: Date): Promise<number> {
	const at = sql`${now.toISOString()}::timestamptz - ${FRESH}`;
	const rows = await db
		.delete(users)
		.where(
			sql`${users.email} is null and ${users.createdAt} < ${at}
				and not exists (select from members m where m.user_id = ${users.id})
				and not exists (select from removals r where r.user_id = ${users.id})
				and not exists (select from workspaces w where w.owner_id = ${users.id})
				and not exists (select from attempts a where a.submitted_by = ${users.id})
				and not exists (
					select from sessions s where s.user_id = ${users.id} and s.seen_at >= ${at})`,
		)
		.returning({ id: users.id });
	return rows.length;
}

/** Bytes that neither a workspace nor an attempt names. */
export async function deleteBlobsUnused(db: Executor, now: Date): Promise<void> {
	await db.execute(sql`
		with used as (
			select sha from workspace_blobs
			union select file ->> 'sha' from attempts, jsonb_array_elements(files) file
		)
		delete from blobs b
		where b.created_at < ${now.toISOString()}::timestamptz - ${FRESH}
			and not exists (select from used where used.sha = b.sha)`);
}

/** What staff did, as long as the class keeps things. */
export async function deleteAuditOver(db: Executor, now: Date): Promise<void> {
	await db.execute(sql`
		delete from audit a
		where a.at < ${now.toISOString()}::timestamptz - make_interval(days =>
			coalesce((select c.retention_days from classes c where c.id = a.class_id), ${DAYS}))`);
}

/** Which of these workspaces there are. */
export async function workspacesThere(db: Executor, ids: readonly string[]): Promise<Set<string>> {
	if (ids.length === 0) return new Set();
	const rows = await db
		.select({ id: workspaces.id })
		.from(workspaces)
		.where(inArray(workspaces.id, [...ids]));
	return new Set(rows.map((row) => row.id));
}
