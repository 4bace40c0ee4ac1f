// Takes up where an earlier flush stopped: what the ring beside the workspace says, what the
// document says it has taken in, and what this process knows itself; the newest of them counts.

import * as Y from 'yjs';
import { decodeText } from '@containrlab/protocol/workspace-doc.ts';
import { docSide, takeText } from './absorb.ts';
import { keyOf, type AgentFiles, type KeptVersion, type MadeOf, type Note } from './agent-files.ts';
import { sha256 } from './content.ts';
import type { DocEntry } from './reconcile.ts';
import { seenVersion, type FlushState } from './state.ts';

export async function resume(
	state: FlushState,
	files: AgentFiles,
	generation: string,
	notes: ReadonlyMap<string, Note>,
): Promise<void> {
	if (state.generation !== generation) {
		state.generation = generation;
		state.base.clear();
		state.graves.clear();
		state.unsettled.clear();
	}
	state.disk.clear();
	state.moves.clear();
	for (const { record } of notes.values()) {
		if (!record) continue;
		const known = state.base.get(record.id);
		if (!known || known.v < record.v) state.base.set(record.id, record);
	}
	for (const entry of state.view.entries()) {
		const note = notes.get(keyOf(entry.id));
		const v = state.base.get(entry.id)?.v ?? 0;
		if (!note || note.newest <= v || entry.kind !== 'text') continue;
		const ring = await files.versions(entry.id);
		const since = ring.filter((one) => one.v > v && one.v >= note.retired);
		// The document may have another name for it by now.
		const place = { path: note.path ?? entry.path, mode: entry.mode };
		for (const version of since.sort((a, b) => a.v - b.v)) {
			replay(state, entry, place, ring, version);
		}
	}
}

/**
 * One version that was on disk after the last record, oldest first. What was read then and never
 * came into the document is taken in now, as it would have been; what was written then is agreed on
 * if the document has all that it was made of.
 */
function replay(
	state: FlushState,
	entry: DocEntry,
	place: { path: string; mode: number },
	ring: readonly KeptVersion[],
	version: KeptVersion,
): void {
	const { id } = entry;
	const { v, on, bytes } = version;
	const raw = decodeText(bytes);
	if (raw === undefined) return;
	const known = state.base.get(id);
	if (on === null && v > seenVersion(state, id)) {
		if (entry.deleted || !state.view.file(id)?.text) return;
		takeText(state, id, ring, { raw, v, current: known?.v ?? 0 });
	} else if (on !== null && !hasAll(state, id, on)) return;
	const disk = sha256(bytes);
	const where = known ?? { id, ...place, ino: 0 };
	state.base.set(id, { ...where, kind: 'text', doc: docSide(raw, disk), disk, v });
	state.taken(id);
}

function hasAll(state: FlushState, id: string, on: MadeOf): boolean {
	if (on === 'agreed') return true;
	if (on.v > seenVersion(state, id)) return false;
	const { doc } = state.view;
	const wanted = stateOf(on.state);
	// What that flush itself had put in is what it had read.
	wanted?.delete(on.by);
	return !!wanted && [...wanted].every(([client, clock]) => Y.getState(doc.store, client) >= clock);
}

/** The agent is hostile: it may hand back anything. */
function stateOf(encoded: string): Map<number, number> | undefined {
	try {
		return Y.decodeStateVector(Buffer.from(encoded, 'base64'));
	} catch {
		return undefined;
	}
}
