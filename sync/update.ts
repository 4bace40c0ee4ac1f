// What an update holds, found out before a document sees it.

import * as Y from 'yjs';

/** Sums of clocks and lengths must stay exact numbers; no honest client comes near. */
const MAX_CLOCK = 2 ** 40;

export interface Decoded {
	bytes: Uint8Array;
	structs: (Y.Item | Y.GC | Y.Skip)[];
	deletes: Map<number, readonly { clock: number; len: number }[]>;
}

/** Undefined when it isn't a complete Yjs update. */
export function decodeUpdate(bytes: Uint8Array): Decoded | undefined {
	try {
		const { structs, ds } = Y.decodeUpdate(bytes);
		const sane =
			structs.every((struct) => struct.id.clock + struct.length <= MAX_CLOCK) &&
			[...ds.clients.values()].every((ranges) => ranges.every((r) => r.clock + r.len <= MAX_CLOCK));
		return sane ? { bytes, structs, deletes: ds.clients } : undefined;
	} catch {
		return undefined;
	}
}

export const isEmpty = ({ structs, deletes }: Decoded): boolean =>
	structs.length === 0 && deletes.size === 0;

/** The clients whose structs it carries. */
export function clientsOf({ structs }: Decoded): Set<number> {
	const clients = new Set<number>();
	for (const struct of structs) if (!(struct instanceof Y.Skip)) clients.add(struct.id.client);
	return clients;
}

/**
 * Whether a document that waits for nothing already has all of it: a resync repeats the whole set
 * of deletions, and storing that at every reconnect would make the log grow without an edit.
 */
export function isKnown(doc: Y.Doc, { structs, deletes }: Decoded): boolean {
	const { store } = doc;
	if (store.pendingStructs || store.pendingDs) return false;
	for (const struct of structs) {
		if (struct instanceof Y.Skip) continue;
		if (struct.id.clock + struct.length > Y.getState(store, struct.id.client)) return false;
	}
	for (const [client, ranges] of deletes) {
		const known = store.clients.get(client);
		if (!known) return false;
		for (const { clock, len } of ranges) if (!isDeleted(known, clock, clock + len)) return false;
	}
	return true;
}

function isDeleted(structs: (Y.Item | Y.GC)[], from: number, to: number): boolean {
	const last = structs.at(-1);
	if (!last || to > last.id.clock + last.length) return false;
	let n = from < to ? Y.findIndexSS(structs, from) : structs.length;
	for (; n < structs.length; n += 1) {
		const struct = structs[n]!;
		if (struct.id.clock >= to) break;
		if (!struct.deleted) return false;
	}
	return true;
}

/**
 * Whether all that it builds on is there, in the document or in itself; else a part of it would wait,
 * and Yjs would go through that at each later edit.
 */
export function isComplete({ store }: Y.Doc, { structs, deletes }: Decoded): boolean {
	const ends = new Map<number, number>();
	const endOf = (client: number) => ends.get(client) ?? Y.getState(store, client);
	for (const struct of structs) {
		if (struct instanceof Y.Skip) continue;
		const { client, clock } = struct.id;
		const end = endOf(client);
		if (clock > end) return false;
		ends.set(client, Math.max(end, clock + struct.length));
	}
	const isThere = (id: unknown) => !(id instanceof Y.ID) || id.clock < endOf(id.client);
	for (const struct of structs) {
		if (!(struct instanceof Y.Item)) continue;
		const { origin, rightOrigin, parent } = struct;
		if (!isThere(origin) || !isThere(rightOrigin) || !isThere(parent)) return false;
	}
	for (const [client, ranges] of deletes) {
		if (ranges.some(({ clock, len }) => clock + len > endOf(client))) return false;
	}
	return true;
}

/** Bytes that wait for others to arrive first. */
export const pendingBytes = ({ store }: Y.Doc): number =>
	(store.pendingStructs?.update.byteLength ?? 0) + (store.pendingDs?.byteLength ?? 0);
