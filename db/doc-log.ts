// The document log in SQL: opening a room under a new epoch, fenced appends, snapshots.
//
// Every statement here is atomic alone, so that a caller whose connection broke can ask
// `positions` what became of it.

import type { ISql } from 'postgres';
import type { Sql } from './connect.ts';

/** One connection's updates of one turn, as received. */
export interface LogRow {
	seq: number;
	userId: string;
	at: Date;
	/** Updates in `bytes`; with more than one they are packed. */
	parts: number;
	bytes: Uint8Array;
}

/** Whose structs a Yjs client id writes. */
export interface ClientBinding {
	clientId: number;
	userId: string;
}

/** Rows of one room that follow each other from `after + 1` on. */
export interface RoomRows {
	room: string;
	epoch: number;
	after: number;
	rows: LogRow[];
	clients: ClientBinding[];
}

export interface OpenedRoom {
	epoch: number;
	lastSeq: number;
	/** Of all its rows, those in front of the snapshot too. */
	logBytes: number;
	snapshot: { seq: number; state: Uint8Array } | undefined;
	/** Everything after the snapshot, in order. */
	rows: LogRow[];
	clients: ClientBinding[];
}

export interface RoomPosition {
	epoch: number;
	lastSeq: number;
}

/** Unless there is one of this name. */
export async function createRoom(sql: Sql, room: string): Promise<void> {
	await sql`insert into doc_rooms (room) values (${room}) on conflict do nothing`;
}

/**
 * Takes a room and reads it. Raising the epoch waits for an append in flight and makes every later
 * append of the former holder fail, so what is read is complete and stays so. A live holder is
 * never waited for: after a kill -9 the next process is in at once. Undefined: no such room.
 * `snapshotBefore` passes over snapshots from there on.
 */
export async function openRoom(
	sql: Sql,
	room: string,
	holder: string,
	snapshotBefore?: number,
): Promise<OpenedRoom | undefined> {
	return sql.begin(async (tx) => {
		const [taken] = await tx<{ epoch: string; last_seq: string; log_bytes: string }[]>`
			update doc_rooms set epoch = epoch + 1, lease_holder = ${holder}
			where room = ${room} returning epoch, last_seq, log_bytes`;
		if (!taken) return undefined;
		const [snapshot] = await tx<{ seq: string; state: Uint8Array }[]>`
			select seq, state from doc_snapshots
			where room = ${room} and seq < ${snapshotBefore ?? Number.MAX_SAFE_INTEGER}::bigint
			order by seq desc limit 1`;
		const rows = await readRows(tx, room, Number(snapshot?.seq ?? 0));
		const clients = await tx<{ client_id: string; user_id: string }[]>`
			select client_id, user_id from doc_clients where room = ${room}`;
		return {
			epoch: Number(taken.epoch),
			lastSeq: Number(taken.last_seq),
			logBytes: Number(taken.log_bytes),
			snapshot: snapshot && { seq: Number(snapshot.seq), state: snapshot.state },
			rows,
			clients: clients.map((c) => ({ clientId: Number(c.client_id), userId: c.user_id })),
		};
	});
}

/** The log after a position, in order. */
export async function readRows(sql: ISql, room: string, after: number): Promise<LogRow[]> {
	const rows = await sql<
		{ seq: string; user_id: string; at: string; parts: number; bytes: Uint8Array }[]
	>`
		select seq, user_id, at, parts, bytes from doc_updates
		where room = ${room} and seq > ${after} order by seq`;
	return rows.map((row): LogRow => ({
		seq: Number(row.seq),
		userId: row.user_id,
		// drizzle has taken over the connection's parsers for times.
		at: new Date(row.at),
		parts: row.parts,
		bytes: row.bytes,
	}));
}

/**
 * Appends to many rooms at once and returns the rooms that were taken. A room is left out when its
 * epoch or position isn't what the caller believes: another process holds it, or an earlier try of
 * the same rows succeeded unheard; and while somebody has its row locked, for whom all others would
 * have to wait (`positions` tells which of these). Others are not affected.
 */
export async function appendRows(sql: Sql, batch: readonly RoomRows[]): Promise<Set<string>> {
	const rows = batch.flatMap((part) => part.rows.map((row) => ({ ...row, part })));
	const clients = batch.flatMap((part) => part.clients.map((client) => ({ ...client, part })));
	// As one value, cut up over there: postgres.js has no arrays of bytes, and hexadecimal text costs
	// several times their size in memory.
	const bytes = Buffer.concat(rows.map((row) => row.bytes));
	let end = 0;
	const starts = rows.map((row) => (end += row.bytes.length) - row.bytes.length + 1);
	const taken = await sql<{ room: string }[]>`
		with free as (
			select b.* from unnest(
				${batch.map((b) => b.room)}::text[], ${batch.map((b) => b.epoch)}::bigint[],
				${batch.map((b) => b.after)}::bigint[], ${batch.map((b) => b.after + b.rows.length)}::bigint[],
				${batch.map((b) => b.rows.reduce((sum, { bytes }) => sum + bytes.length, 0))}::bigint[]
			) as b(room, epoch, after, last, bytes)
			join doc_rooms r on r.room = b.room and r.epoch = b.epoch and r.last_seq = b.after
			for update of r skip locked
		), fence as (
			update doc_rooms r set last_seq = b.last, log_bytes = r.log_bytes + b.bytes from free b
			where r.room = b.room and r.epoch = b.epoch and r.last_seq = b.after
			returning r.room, r.epoch
		), appended as (
			insert into doc_updates (room, seq, epoch, user_id, at, parts, bytes)
			select u.room, u.seq, fence.epoch, u.user_id, u.at::timestamptz, u.parts,
				substring(${bytes}::bytea from u.start for u.length)
			from unnest(
				${rows.map((r) => r.part.room)}::text[], ${rows.map((r) => r.seq)}::bigint[],
				${rows.map((r) => r.userId)}::text[], ${rows.map((r) => r.at.toISOString())}::text[],
				${rows.map((r) => r.parts)}::int[], ${starts}::int[],
				${rows.map((r) => r.bytes.length)}::int[]
			) as u(room, seq, user_id, at, parts, start, length)
			join fence on fence.room = u.room
		), bound as (
			insert into doc_clients (room, client_id, user_id)
			select c.room, c.client_id, c.user_id
			from unnest(
				${clients.map((c) => c.part.room)}::text[], ${clients.map((c) => c.clientId)}::bigint[],
				${clients.map((c) => c.userId)}::text[]
			) as c(room, client_id, user_id)
			join fence on fence.room = c.room
			on conflict do nothing
		)
		select room from fence`;
	return new Set(taken.map(({ room }) => room));
}

/** Who holds these rooms, and how far their logs reach. */
export async function positions(
	sql: Sql,
	rooms: readonly string[],
): Promise<Map<string, RoomPosition>> {
	const found = await sql<{ room: string; epoch: string; last_seq: string }[]>`
		select room, epoch, last_seq from doc_rooms where room = any(${[...rooms]}::text[])`;
	return new Map(
		found.map((row) => [row.room, { epoch: Number(row.epoch), lastSeq: Number(row.last_seq) }]),
	);
}

/**
 * Keeps the newest two, which only shorten loading, and the one that the log's folded beginning is in
 * (db/doc-history.ts).
 */
export async function saveSnapshot(
	sql: Sql,
	room: string,
	epoch: number,
	seq: number,
	state: Uint8Array,
): Promise<void> {
	await sql.begin(async (tx) => {
		const saved = await tx`
			insert into doc_snapshots (room, seq, state)
			select room, ${seq}::bigint, ${state}::bytea from doc_rooms
			where room = ${room} and epoch = ${epoch} and last_seq >= ${seq}
			on conflict (room, seq) do update set state = excluded.state`;
		if (saved.count === 0) return;
		await tx`
			delete from doc_snapshots where room = ${room} and seq < (
				select seq from doc_snapshots where room = ${room} order by seq desc offset 1 limit 1)
				and seq <> (select folded_seq from doc_rooms where room = ${room})`;
	});
}

// Packed updates: for each, its length as 4 bytes, big-endian, then its bytes. Merging them instead
// would be quadratic, and would lose what was sent when.

export function packUpdates(updates: readonly Uint8Array[]): Uint8Array {
	if (updates.length === 1 && updates[0]) return updates[0];
	const packed = new Uint8Array(updates.reduce((sum, update) => sum + 4 + update.length, 0));
	const view = new DataView(packed.buffer);
	let at = 0;
	for (const update of updates) {
		view.setUint32(at, update.length);
		packed.set(update, at + 4);
		at += 4 + update.length;
	}
	return packed;
}

/** Undefined when the row is damaged. */
export function unpackUpdates(parts: number, bytes: Uint8Array): Uint8Array[] | undefined {
	if (parts === 1) return [bytes];
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const updates: Uint8Array[] = [];
	let at = 0;
	while (at + 4 <= bytes.length) {
		const end = at + 4 + view.getUint32(at);
		if (end > bytes.length) return undefined;
		updates.push(bytes.subarray(at + 4, end));
		at = end;
	}
	return at === bytes.length && updates.length === parts ? updates : undefined;
}
