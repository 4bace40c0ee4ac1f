// Takes up where an earlier flush stopped: what the ring beside the workspace says, what the
// document says it has taken in, and what this process knows itself; the newest of them counts.

import { decodeText } from '@containrlab/protocol/workspace-doc.ts';
import type { AgentFiles } from './agent-files.ts';
import { docSide, SEEN } from './absorb.ts';
import { sha256 } from './content.ts';
import type { Base } from './reconcile.ts';
import type { FlushState } from './state.ts';

export async function resume(
	state: FlushState,
	files: AgentFiles,
	generation: string,
	ring: readonly Base[],
): Promise<void> {
	if (state.generation !== generation) {
		state.generation = generation;
		state.base.clear();
		state.graves.clear();
		state.unsettled.clear();
	}
	state.disk.clear();
	state.moves.clear();
	for (const record of ring) {
		const known = state.base.get(record.id);
		if (!known || known.v < record.v) state.base.set(record.id, record);
	}
	for (const entry of state.view.entries()) {
		const v = seenVersion(state, entry.id);
		const known = state.base.get(entry.id);
		if (v <= (known?.v ?? 0)) continue;
		// Durable in the document, but the record wasn't kept any more.
		const version = (await files.versions(entry.id)).find((one) => one.v === v);
		const raw = version && decodeText(version.bytes);
		if (!version || raw === undefined) continue;
		const disk = sha256(version.bytes);
		const { id, path, mode } = entry;
		const where = known ?? { id, path, mode, ino: 0 };
		state.base.set(id, { ...where, kind: 'text', doc: docSide(raw, disk), disk, v });
		state.taken(id);
	}
}

/** The version of this volume's ring that the document has surely taken in. */
function seenVersion(state: FlushState, id: string): number {
	const seen = state.view.node(id)?.get(SEEN);
	if (typeof seen !== 'string' || !seen.startsWith(`${state.generation}:`)) return 0;
	const v = Number(seen.slice(state.generation.length + 1));
	return Number.isSafeInteger(v) ? v : 0;
}
