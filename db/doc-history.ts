// The history of a document: its state at any moment that the log still tells, and the folding of what
// is older than it is kept.

import * as Y from 'yjs';
import type { ISql } from 'postgres';
import type { Sql } from './connect.ts';
import { unpackUpdates } from './doc-log.ts';

/** A place in the log, or a time: then that of the last row written until then. */
export type Moment = { seq: number } | { at: Date };

export type DocumentAt =
	| {
			ok: true;
			doc: Y.Doc;
			seq: number;
			/** Who made the last change, and when; undefined in front of the first. */
			by: { userId: string; at: Date } | undefined;
	  }
	| { ok: false; code: 'no-room' | 'not-reached' | 'folded' }
	/** `seq`: the row that can't be read or isn't there. */
	| { ok: false; code: 'damaged'; seq: number };

/** Rows that are in memory at a time. */
const PAGE = 200;

/** The document as it was; its holder may go on writing meanwhile. */
export async function documentAt(sql: Sql, room: string, moment: Moment): Promise<DocumentAt> {
	return sql.begin('isolation level repeatable read read only', async (tx) => {
		const found = await place(tx, room, moment);
		if (!found.ok) return found;
		const { seq, foldedSeq } = found;
		// Snapshots only spare time: with one that can't be read, an earlier one does, or the log alone.
		for (let before = seq + 1; ;) {
			const [snapshot] = await tx<{ seq: string; state: Uint8Array }[]>`
				select seq, state from doc_snapshots
				where room = ${room} and seq < ${before} and seq >= ${foldedSeq} order by seq desc limit 1`;
			const from = Number(snapshot?.seq ?? 0);
			if (from < foldedSeq) return { ok: false, code: 'damaged', seq: foldedSeq };
			const doc = new Y.Doc();
			if (snapshot && !applies(doc, [snapshot.state])) {
				before = from;
				continue;
			}
			const damaged = await replay(tx, room, doc, from, seq);
			if (damaged !== undefined) return { ok: false, code: 'damaged', seq: damaged };
			return { ok: true, doc, seq, by: await writerOf(tx, room, seq) };
		}
	}) as Promise<DocumentAt>;
}

type Place =
	| { ok: true; seq: number; foldedSeq: number }
	| { ok: false; code: 'no-room' | 'not-reached' | 'folded' };

async function place(tx: ISql, room: string, moment: Moment): Promise<Place> {
	const [head] = await tx<{ folded_seq: string; last_seq: string; folded_at: string | null }[]>`
		select folded_seq, last_seq, s.at as folded_at from doc_rooms r
		left join doc_snapshots s on s.room = r.room and s.seq = r.folded_seq
		where r.room = ${room}`;
	if (!head) return { ok: false, code: 'no-room' };
	const [foldedSeq, lastSeq] = [Number(head.folded_seq), Number(head.last_seq)];
	const seq = 'seq' in moment ? moment.seq : await seqAt(tx, room, foldedSeq, moment.at);
	if (seq > lastSeq) return { ok: false, code: 'not-reached' };
	if (seq < foldedSeq) return { ok: false, code: 'folded' };
	const early =
		'at' in moment && seq === foldedSeq && head.folded_at && new Date(head.folded_at) > moment.at;
	return early ? { ok: false, code: 'folded' } : { ok: true, seq, foldedSeq };
}

/** A clock that was set back leaves times out of order; the order is the log's. */
async function seqAt(tx: ISql, room: string, foldedSeq: number, at: Date): Promise<number> {
	const [row] = await tx<{ seq: string | null }[]>`
		select max(seq) as seq from doc_updates
		where room = ${room} and seq > ${foldedSeq} and at <= ${at.toISOString()}::text::timestamptz`;
	return Number(row?.seq ?? foldedSeq);
}

async function writerOf(tx: ISql, room: string, seq: number) {
	const [row] = await tx<{ user_id: string; at: string }[]>`
		select user_id, at from doc_updates where room = ${room} and seq = ${seq}`;
	return row && { userId: row.user_id, at: new Date(row.at) };
}

/** Applies the rows after `from` up to `to`; answers the first that can't be. */
async function replay(
	tx: ISql,
	room: string,
	doc: Y.Doc,
	from: number,
	to: number,
): Promise<number | undefined> {
	let seq = from;
	const pages = tx<{ seq: string; parts: number; bytes: Uint8Array }[]>`
		select seq, parts, bytes from doc_updates
		where room = ${room} and seq > ${from} and seq <= ${to} order by seq`.cursor(PAGE);
	for await (const rows of pages) {
		for (const row of rows) {
			seq += 1;
			const parts = Number(row.seq) === seq ? unpackUpdates(row.parts, row.bytes) : undefined;
			if (!parts || !applies(doc, parts)) return seq;
		}
	}
	return seq === to ? undefined : seq + 1;
}

function applies(doc: Y.Doc, updates: readonly Uint8Array[]): boolean {
	try {
		doc.transact(() => {
			for (const update of updates) Y.applyUpdate(doc, update);
		});
		return true;
	} catch {
		return false;
	}
}

/** What of a log stays: what was written since, or its newest rows, of so many bytes. */
export type Kept = { since: Date } | { bytes: number };

/**
 * Folds what isn't kept into one snapshot: the document stays as it is, who wrote what when is forgotten,
 * and so is what was deleted by then. Only a beginning of the log is folded; a row out of its time waits
 * for those in front of it. May run beside the room's holder, who only appends, and again where it was
 * interrupted. Answers the bytes that it took away: none when there was nothing to do, or the log is
 * damaged.
 */
export async function foldHistory(sql: Sql, room: string, kept: Kept): Promise<number> {
	const found = await beginningOf(sql, room, kept);
	if (!found) return 0;
	const { foldedSeq, upto } = found;
	if (upto > foldedSeq) {
		const then = await documentAt(sql, room, { seq: upto });
		if (!then.ok) return 0;
		if (!(await markFolded(sql, room, { from: foldedSeq, upto, then }))) return 0;
	}
	// Nobody reads these any more; deleting many inside the lock would hold up the room's appends.
	return sql.begin(async (tx) => {
		const [gone] = await tx<{ bytes: string }[]>`
			with gone as (
				delete from doc_updates where room = ${room}
					and seq <= (select folded_seq from doc_rooms where room = ${room})
				returning octet_length(bytes) as bytes)
			select coalesce(sum(bytes), 0) as bytes from gone`;
		const bytes = Number(gone?.bytes ?? 0);
		await tx`update doc_rooms set log_bytes = greatest(0, log_bytes - ${bytes}) where room = ${room}`;
		return bytes;
	});
}

/** How far the beginning reaches that isn't kept. */
async function beginningOf(
	sql: Sql,
	room: string,
	kept: Kept,
): Promise<{ foldedSeq: number; upto: number } | undefined> {
	const upto =
		'since' in kept
			? sql`coalesce((select min(seq) - 1 from doc_updates u where u.room = r.room
				and u.seq > r.folded_seq and u.at >= ${kept.since.toISOString()}::text::timestamptz), last_seq)`
			: sql`coalesce((select max(seq) from (
				select seq, sum(octet_length(bytes)) over (order by seq desc) as bytes
				from doc_updates u where u.room = r.room and u.seq > r.folded_seq
			) newest where newest.bytes > ${kept.bytes}), r.folded_seq)`;
	const [head] = await sql<{ folded_seq: string; upto: string }[]>`
		select folded_seq, ${upto} as upto from doc_rooms r where room = ${room}`;
	return head && { foldedSeq: Number(head.folded_seq), upto: Number(head.upto) };
}

/** Under the room's lock, so that whoever opens it sees all of this or nothing. */
async function markFolded(
	sql: Sql,
	room: string,
	fold: { from: number; upto: number; then: DocumentAt & { ok: true } },
): Promise<boolean> {
	const { from, upto, then } = fold;
	const state = Y.encodeStateAsUpdate(then.doc);
	const at = (then.by?.at ?? new Date()).toISOString();
	return sql.begin(async (tx) => {
		const marked = await tx`
			update doc_rooms set folded_seq = ${upto} where room = ${room} and folded_seq = ${from}`;
		if (marked.count === 0) return false;
		await tx`
			insert into doc_snapshots (room, seq, at, state)
			values (${room}, ${upto}, ${at}::text::timestamptz, ${state})
			on conflict (room, seq) do update set state = excluded.state, at = excluded.at`;
		await tx`delete from doc_snapshots where room = ${room} and seq < ${upto}`;
		return true;
	});
}
