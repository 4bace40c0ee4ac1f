// From stored rows to a document, complete or not at all.

import * as Y from 'yjs';
import { unpackUpdates, type LogRow, type OpenedRoom } from '@containrlab/db/doc-log.ts';
import { decodeUpdate } from './update.ts';

export interface LoadedRoom {
	doc: Y.Doc;
	epoch: number;
	lastSeq: number;
	logBytes: number;
	size: number;
	/** What a next snapshot would spare. */
	unsnapshotted: { rows: number; bytes: number };
	owners: Map<number, string>;
}

/** `seq`: the snapshot, or the row, that can't be read or isn't there. */
export type Load =
	{ ok: true; room: LoadedRoom } | { ok: false; damaged: 'snapshot' | 'row'; seq: number };

/** Rows of a transaction: a small one costs more than its rows, and what a large one splits stays so. */
const TOGETHER = 16;

export function loadRoom(opened: OpenedRoom): Load {
	const doc = new Y.Doc({ gc: true });
	const { snapshot } = opened;
	if (snapshot && !integrates(doc, [snapshot.state])) {
		return { ok: false, damaged: 'snapshot', seq: snapshot.seq };
	}
	let seq = snapshot?.seq ?? 0;
	let size = snapshot?.state.length ?? 0;
	let bytes = 0;
	let damaged: number | undefined;
	const take = (row: LogRow): void => {
		seq += 1;
		const parts = row.seq === seq ? unpackUpdates(row.parts, row.bytes) : undefined;
		if (!parts || !integrates(doc, parts)) damaged = seq;
		bytes += row.bytes.length;
	};
	for (let n = 0; n < opened.rows.length && damaged === undefined; n += TOGETHER) {
		doc.transact(() => {
			for (const row of opened.rows.slice(n, n + TOGETHER)) if (damaged === undefined) take(row);
		});
	}
	if (seq !== opened.lastSeq) damaged ??= seq + 1;
	if (damaged !== undefined) return { ok: false, damaged: 'row', seq: damaged };
	size += bytes;
	return {
		ok: true,
		room: {
			doc,
			epoch: opened.epoch,
			lastSeq: opened.lastSeq,
			logBytes: opened.logBytes,
			size,
			unsnapshotted: { rows: opened.rows.length, bytes },
			owners: new Map(opened.clients.map(({ clientId, userId }) => [clientId, userId])),
		},
	};
}

/** Whether they were all whole; else the document is worth nothing any more. */
function integrates(doc: Y.Doc, updates: readonly Uint8Array[]): boolean {
	try {
		return updates.every((update) => {
			if (!decodeUpdate(update)) return false;
			Y.applyUpdate(doc, update);
			return true;
		});
	} catch {
		return false;
	}
}
