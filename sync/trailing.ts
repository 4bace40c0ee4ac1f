// A document that may be some keys behind what its room was told: a transaction of Yjs costs more than
// all else that becomes of a key, and one of many keys hardly more than one of a single key.

import * as Y from 'yjs';
import { estimateSteps } from './cost.ts';
import { LIMITS } from './limits.ts';
import type { Decoded } from './update.ts';

export class TrailingDoc {
	#doc: Y.Doc;
	#origin: unknown;
	#updates: Uint8Array[] = [];
	/** Where the structs of their clients end with them. */
	#ends = new Map<number, number>();

	/** `origin` is that of the transactions. */
	constructor(doc: Y.Doc, origin: unknown) {
		this.#doc = doc;
		this.#origin = origin;
	}

	/** The document with all that was taken. */
	get whole(): Y.Doc {
		if (this.#updates.length === 0) return this.#doc;
		const updates = this.#updates;
		this.#updates = [];
		this.#ends.clear();
		this.#doc.transact(() => {
			for (const update of updates) Y.applyUpdate(this.#doc, update, this.#origin);
		}, this.#origin);
		return this.#doc;
	}

	/**
	 * Takes an update, to be integrated later, if that can't fail, costs next to nothing and changes what
	 * the update says and nothing else: some text right behind other text, its client's next.
	 */
	take(update: Decoded): boolean {
		const [struct] = update.structs;
		if (update.structs.length !== 1 || update.deletes.size > 0) return false;
		if (!(struct instanceof Y.Item) || !(struct.content instanceof Y.ContentString)) return false;
		const { store } = this.#doc;
		if (store.pendingStructs || store.pendingDs) return false;
		const { client, clock } = struct.id;
		if (clock !== this.#endOf(client)) return false;
		if (!this.#has(struct.origin) || (struct.rightOrigin && !this.#has(struct.rightOrigin))) {
			return false;
		}
		const { keys, steps } = LIMITS.trailing;
		// What was taken isn't seen there; no more than those, then, come on top.
		if (estimateSteps(this.#doc, update, steps) > steps) return false;
		if (this.#updates.push(update.bytes) < keys) this.#ends.set(client, clock + struct.length);
		else void this.whole;
		return true;
	}

	#endOf(client: number): number {
		return this.#ends.get(client) ?? Y.getState(this.#doc.store, client);
	}

	#has(id: Y.ID | null): boolean {
		return id !== null && id.clock < this.#endOf(id.client);
	}
}
