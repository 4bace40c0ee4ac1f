// From stored rows to a document, complete or not at all.

import * as Y from 'yjs';
import { unpackUpdates, type OpenedRoom } from '@containrlab/db/doc-log.ts';
import { decodeUpdate } from './update.ts';

export interface LoadedRoom {
	doc: Y.Doc;
	epoch: number;
	lastSeq: number;
	size: number;
	/** What a next snapshot would spare. */
	unsnapshotted: { rows: number; bytes: number };
	owners: Map<number, string>;
}

/** `damaged`: the row, or 0 for the snapshot, that can't be read or isn't there. */
export type Load = { ok: true; room: LoadedRoom } | { ok: false; damagedSeq: number };

export function loadRoom(opened: OpenedRoom): Load {
	const updates: Uint8Array[] = [];
	let size = 0;
	let seq = 0;
	const { snapshot } = opened;
	if (snapshot) {
		if (!decodeUpdate(snapshot.state)) return { ok: false, damagedSeq: snapshot.seq };
		updates.push(snapshot.state);
		size += snapshot.state.length;
		seq = snapshot.seq;
	}
	let bytes = 0;
	for (const row of opened.rows) {
		seq += 1;
		const parts = row.seq === seq ? unpackUpdates(row.parts, row.bytes) : undefined;
		if (!parts?.every((part) => decodeUpdate(part))) return { ok: false, damagedSeq: seq };
		updates.push(...parts);
		bytes += row.bytes.length;
	}
	if (seq !== opened.lastSeq) return { ok: false, damagedSeq: seq + 1 };
	const doc = new Y.Doc({ gc: true });
	doc.transact(() => {
		for (const update of updates) Y.applyUpdate(doc, update);
	});
	return {
		ok: true,
		room: {
			doc,
			epoch: opened.epoch,
			lastSeq: opened.lastSeq,
			size: size + bytes,
			unsnapshotted: { rows: opened.rows.length, bytes },
			owners: new Map(opened.clients.map(({ clientId, userId }) => [clientId, userId])),
		},
	};
}
