// One client that writes as fast as it is heard, and those that hear it.

import type { Socket } from 'node:net';
import * as Y from 'yjs';
import { now, type Client } from './client.ts';

export interface BurstOptions {
	edits: number;
	/** Sent, and not yet received by the one that sets the pace. */
	inFlight: number;
}

/** The last edit; no other is like it. */
const MARK = 'the end';

/** Resolves with when it began; `pacer` is in the same process, so that it is known what it has. */
export async function burst(
	client: Client,
	pacer: Client,
	{ edits, inFlight }: BurstOptions,
): Promise<number> {
	const frames = framesOf(client, edits);
	let sent = 0;
	let heard = 0;
	const { promise, resolve } = Promise.withResolvers<void>();
	const more = () => {
		const until = Math.min(frames.length, heard + inFlight);
		if (sent < until) {
			const { _socket: socket } = client.socket as unknown as { _socket: Socket };
			socket.cork();
			for (; sent < until; sent += 1) client.write(frames[sent]!);
			socket.uncork();
		}
		if (heard >= frames.length) resolve();
	};
	const forward = pacer.onUpdate;
	pacer.onUpdate = (update) => {
		forward?.(update);
		// Each edit is one character.
		heard = Math.max(heard, Y.parseUpdateMeta(update).to.get(client.doc.clientID) ?? 0);
		if (heard === frames.length - 1 + MARK.length) heard = frames.length;
		more();
	};
	const begun = now();
	more();
	await promise;
	return begun;
}

/** Made beforehand: it is the servers that are measured. */
function framesOf(client: Client, edits: number): Uint8Array[] {
	const frames: Uint8Array[] = [];
	const { doc } = client;
	const text = doc.getText('text');
	const note = (update: Uint8Array) => frames.push(client.frameOf(update));
	doc.on('update', note);
	// Each behind the one before, as somebody types.
	for (let n = 0; n < edits - 1; n += 1) text.insert(n, String.fromCharCode(97 + (n % 26)));
	text.insert(edits - 1, MARK);
	doc.off('update', note);
	return frames;
}

/** Resolves with when the last of them had received the last edit. */
export async function reachMark(clients: readonly Client[]): Promise<number> {
	const mark = Buffer.from(MARK);
	let last = 0;
	await Promise.all(
		clients.map((client) => {
			const { promise, resolve } = Promise.withResolvers<void>();
			client.onUpdate = (update) => {
				if (!Buffer.from(update.buffer, update.byteOffset, update.length).includes(mark)) return;
				last = Math.max(last, now());
				resolve();
			};
			return promise;
		}),
	);
	return last;
}
