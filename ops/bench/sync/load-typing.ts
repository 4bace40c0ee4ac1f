// Clients that type as people do, and clients that note when they were told of it.

import { setTimeout as delay } from 'node:timers/promises';
import * as Y from 'yjs';
import { now, type Client } from './client.ts';

/** Yjs client `client` had written up to `clock` at `at`. */
export interface Edit {
	client: number;
	clock: number;
	at: number;
}

/** What one client was told, and when. */
export interface Arrivals {
	room: string;
	/** Its own edits, which some servers send back. */
	self: number;
	edits: Edit[];
}

/** One key in twelve is a backspace. */
const BACKSPACE = 1 / 12;

/** Types at one place of the text, wherever others move it to; resolves with what it inserted. */
export async function type(client: Client, perSecond: number, ms: number): Promise<Edit[]> {
	const { doc } = client;
	const text = doc.getText('text');
	const edits: Edit[] = [];
	let cursor: Y.RelativePosition | undefined;
	const write = (update: Uint8Array, origin: unknown) => {
		if (origin !== client) client.write(client.frameOf(update));
	};
	doc.on('update', write);
	const until = now() + ms;
	for (;;) {
		await delay((1000 / perSecond) * (0.5 + Math.random()));
		if (now() > until) break;
		client.apply();
		const found = cursor && Y.createAbsolutePositionFromRelativePosition(cursor, doc);
		const index = found?.index ?? Math.floor(Math.random() * (text.length + 1));
		if (index > 0 && Math.random() < BACKSPACE) {
			text.delete(index - 1, 1);
			continue;
		}
		const at = now();
		text.insert(index, String.fromCharCode(97 + Math.floor(Math.random() * 26)));
		edits.push({ client: doc.clientID, clock: Y.getState(doc.store, doc.clientID), at });
		// Behind the character that was typed.
		cursor = Y.createRelativePositionFromTypeIndex(text, index + 1, -1);
	}
	doc.off('update', write);
	return edits;
}

/** What `client` is told from now on. */
export function watch(client: Client): Arrivals {
	const edits: Edit[] = [];
	client.onUpdate = (update) => {
		const at = now();
		for (const [id, clock] of Y.parseUpdateMeta(update).to) edits.push({ client: id, clock, at });
	};
	return { room: client.door.room, self: client.doc.clientID, edits };
}

/** Milliseconds from each of a room's edits to its arrival. */
export function latencies(edits: readonly Edit[], arrivals: Arrivals): number[] {
	const times: number[] = [];
	const byClient = Map.groupBy(arrivals.edits, ({ client }) => client);
	for (const [client, own] of Map.groupBy(edits, (edit) => edit.client)) {
		if (client === arrivals.self) continue;
		const seen = byClient.get(client) ?? [];
		let next = 0;
		for (const { clock, at } of own) {
			while (next < seen.length && seen[next]!.clock < clock) next += 1;
			const arrival = seen[next];
			if (!arrival) throw new Error('an edit never arrived');
			times.push(arrival.at - at);
		}
	}
	return times;
}
