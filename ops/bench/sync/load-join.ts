// A long document, handed to a server as somebody wrote it, and clients that come to read it.

import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import * as Y from 'yjs';
import { Client, now, type Door } from './client.ts';

/** Operations of one update: nobody waits for 260,000 of them one by one. */
const TOGETHER = 100;
/** Until the writing moves to another place. */
const RUN = 20;
const BACKSPACE = 0.2;
/** What may be on its way to a server before it has read it. */
const BUFFERED = 1024 * 1024;

/** Writes through the server so many insertions and deletions; resolves with the state's size. */
export async function feed(door: Door, operations: number): Promise<number> {
	const client = new Client(door);
	await client.synced;
	const { doc, socket } = client;
	const text = doc.getText('text');
	const frames: Uint8Array[] = [];
	doc.on('update', (update) => frames.push(client.frameOf(update)));
	let at = 0;
	for (let done = 0; done < operations; done += TOGETHER) {
		doc.transact(() => {
			for (let n = done; n < done + TOGETHER; n += 1) {
				if (n % RUN === 0) at = Math.floor(Math.random() * (text.length + 1));
				if (at > 0 && Math.random() < BACKSPACE) text.delete((at -= 1), 1);
				else text.insert(at++, String.fromCharCode(97 + (n % 26)));
			}
		});
	}
	for (const frame of frames) {
		client.write(frame);
		if (socket.bufferedAmount > BUFFERED) await drained(client);
	}
	await drained(client);
	const size = Y.encodeStateAsUpdate(doc).length;
	socket.close();
	await once(socket, 'close');
	return size;
}

/** Until everything was handed to the kernel; the socket has no event for it. */
async function drained({ socket }: Client): Promise<void> {
	while (socket.bufferedAmount > 0) await delay(1);
}

export interface Joined {
	/** Milliseconds until it had all. */
	ms: number;
	/** Whether it had all when it was told that it is synced. */
	complete: boolean;
}

const PATIENCE_MS = 30_000;
async function never(): Promise<void> {
	await delay(PATIENCE_MS, undefined, { ref: false });
	throw new Error('the whole document never came');
}

/** All at once; each waits for an update of `size` bytes at least. */
export function join(doors: readonly Door[], size: number): Promise<Joined[]> {
	return Promise.all(
		doors.map(async (door) => {
			const begun = now();
			const client = new Client(door);
			const whole = new Promise<void>((resolve) => {
				client.onUpdate = ({ length }) => length >= size && resolve();
			});
			const complete = (await client.synced).length >= size;
			if (!complete) await Promise.race([whole, never()]);
			const joined = { ms: now() - begun, complete };
			client.close();
			return joined;
		}),
	);
}
