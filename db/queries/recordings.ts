// Recordings of terminals, for review: asciicast v2 in pieces, bounded for each workspace.

import { and, asc, desc, eq, ne, sql } from 'drizzle-orm';
import { recordingParts, recordings, workspaces } from '../schema.ts';
import { first, type Executor } from './executor.ts';

/** Of one workspace; the oldest recordings go first. The database keeps them compressed. */
const WORKSPACE_BYTES = 16 * 1024 * 1024;
const WORKSPACE_COUNT = 200;

export type RecordingPart = {
	workspace: string;
	recording: string;
	terminal: string;
	seq: number;
	cast: string;
};

export type RecordingRow = Omit<typeof recordings.$inferSelect, 'workspaceId'>;

/** A part of a recording that is new, or goes on; of a workspace that is no more, nothing is kept. */
export async function keepRecordingPart(db: Executor, part: RecordingPart): Promise<void> {
	const { workspace: workspaceId, recording: id, terminal, seq, cast } = part;
	if (seq === 0) {
		const workspace = await db
			.select({ id: workspaces.id })
			.from(workspaces)
			.where(eq(workspaces.id, workspaceId));
		if (!first(workspace)) return;
		await db.insert(recordings).values({ id, workspaceId, terminal }).onConflictDoNothing();
	}
	const mine = and(eq(recordings.id, id), eq(recordings.workspaceId, workspaceId));
	const known = await db.select({ id: recordings.id }).from(recordings).where(mine);
	// Its beginning went for others' sake: the rest alone would say nothing.
	if (!first(known)) return;
	const kept = await db
		.insert(recordingParts)
		.values({ recordingId: id, seq, cast })
		.onConflictDoNothing()
		.returning({ seq: recordingParts.seq });
	if (!first(kept)) return;
	const longer = { endedAt: sql`now()`, size: sql`${recordings.size} + ${cast.length}` };
	await db.update(recordings).set(longer).where(mine);
	await deleteSurplus(db, workspaceId, id);
}

async function deleteSurplus(db: Executor, workspaceId: string, current: string): Promise<void> {
	await db.execute(sql`
		delete from ${recordings} where id in (
			select id from (
				select id,
					sum(size) over (order by started_at desc, id) as bytes,
					row_number() over (order by started_at desc, id) as place
				from ${recordings} where workspace_id = ${workspaceId}) newest
			where (bytes > ${WORKSPACE_BYTES} or place > ${WORKSPACE_COUNT}) and id <> ${current})`);
}

/** The newest first. */
export async function recordingsOf(db: Executor, workspaceId: string): Promise<RecordingRow[]> {
	return db
		.select({
			...{ id: recordings.id, terminal: recordings.terminal, size: recordings.size },
			...{ startedAt: recordings.startedAt, endedAt: recordings.endedAt },
		})
		.from(recordings)
		.where(and(eq(recordings.workspaceId, workspaceId), ne(recordings.size, 0)))
		.orderBy(desc(recordings.startedAt), asc(recordings.id));
}

/** Undefined for one that isn't this workspace's. */
export async function castOf(
	db: Executor,
	workspaceId: string,
	id: string,
): Promise<string | undefined> {
	const rows = await db
		.select({ cast: recordingParts.cast })
		.from(recordingParts)
		.innerJoin(recordings, eq(recordings.id, recordingParts.recordingId))
		.where(and(eq(recordings.workspaceId, workspaceId), eq(recordings.id, id)))
		.orderBy(asc(recordingParts.seq));
	return rows.length === 0 ? undefined : rows.map((row) => row.cast).join('');
}
