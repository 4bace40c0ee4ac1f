// What it will cost to integrate an update, estimated before a document sees it.
//
// Yjs places an item by walking from its origin to its right origin, past items that were put in the
// same place. Honest updates walk a few steps. Many items with one origin and distinct right origins
// walk past each other: quadratic in a few kilobytes, in here and in every browser that joins.
// One step takes about 0.3 µs. The estimate is an upper bound; what exceeds the bound is tried out
// in a worker (trial.ts) before it is believed.

import * as Y from 'yjs';
import type { Decoded } from './update.ts';

type Struct = Y.Item | Y.GC;

const MOST_STRUCTS = 10_000;

/** Steps to integrate it into this document, at most; counting ends a little above `limit`. */
export function estimateSteps(doc: Y.Doc, { structs }: Decoded, limit: number): number {
	// To look at so many one by one costs as much as to integrate them: that is for the worker.
	if (structs.length > MOST_STRUCTS) return Number.POSITIVE_INFINITY;
	const siblings = new Map<string, number>();
	let steps = 0;
	for (const struct of structs) {
		if (!(struct instanceof Y.Item)) continue;
		steps += walk(doc, struct, limit - steps);
		if (steps > limit) return steps;
		// A lone struct has no siblings in its update.
		if (structs.length === 1) break;
		const key = originKey(struct);
		siblings.set(key, (siblings.get(key) ?? 0) + 1);
	}
	// Each sibling may have to pass all others with everything that follows from them.
	for (const count of siblings.values()) if (count > 1) steps += count * structs.length;
	return steps;
}

function originKey({ origin, rightOrigin, parent, parentSub }: Y.Item): string {
	if (origin) return `${origin.client}:${origin.clock}`;
	if (rightOrigin) return 'start';
	const at = parent as unknown as Y.ID | string | null;
	const name = at === null || typeof at === 'string' ? at : `${at.client}:${at.clock}`;
	return JSON.stringify([name, parentSub]);
}

/** The steps past items that the document already has. */
function walk(doc: Y.Doc, item: Y.Item, limit: number): number {
	const left = item.origin && find(doc, item.origin);
	const right = item.rightOrigin && find(doc, item.rightOrigin);
	if (item.origin && !left) return 0;
	if (left && left === right) return 0;
	const inside = left && item.origin!.clock < left.id.clock + left.length - 1;
	let next: Y.Item | null = left
		? left instanceof Y.Item
			? inside
				? left
				: left.right
			: null
		: firstIn(doc, item, right);
	const before = new Set<Struct>();
	let steps = 0;
	while (next && next !== right && steps <= limit) {
		steps += 1;
		const origin: Y.ID | null = next.origin;
		const sibling = next === left || Y.compareIDs(origin, item.origin);
		if (!sibling && !(origin && before.has(find(doc, origin)!))) break;
		before.add(next);
		next = next.right;
	}
	return steps;
}

/** The first item of the place that an item without an origin goes to. */
function firstIn(doc: Y.Doc, item: Y.Item, right: Struct | null | undefined): Y.Item | null {
	let parent: unknown = item.parent;
	let key = item.parentSub;
	if (item.rightOrigin) {
		if (!(right instanceof Y.Item)) return null;
		parent = right.parent;
		key = right.parentSub;
	} else if (typeof parent === 'string') {
		parent = doc.share.get(parent);
	} else if (parent instanceof Y.ID) {
		const holder = find(doc, parent);
		parent = holder instanceof Y.Item ? (holder.content as Y.ContentType).type : undefined;
	}
	if (!(parent instanceof Y.AbstractType)) return null;
	if (key === null) return parent._start;
	let first = parent._map.get(key) ?? null;
	while (first?.left) first = first.left;
	return first;
}

/** The struct that holds an id; unlike Yjs's own way of finding it, this splits nothing. */
function find(doc: Y.Doc, { client, clock }: Y.ID): Struct | undefined {
	const structs = doc.store.clients.get(client);
	const last = structs?.at(-1);
	if (!structs || !last || clock >= last.id.clock + last.length) return undefined;
	return structs[Y.findIndexSS(structs, clock)];
}
