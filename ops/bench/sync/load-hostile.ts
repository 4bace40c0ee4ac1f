// What no honest client sends, and one that sends much while another doesn't read.

import { once } from 'node:events';
import { connect } from 'node:net';
import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { quadraticUpdate } from '@containrlab/sync/testing.ts';
import { encodeAwareness, encodeUpdate } from '@containrlab/sync/wire.ts';
import { Client, type Door } from './client.ts';

const PIECE = 64 * 1024;
/** Pieces on their way to the one that sets the pace. */
const AHEAD = 16;

/** Replaces the text again and again, until so many bytes were sent and `pacer` has them. */
export async function flood(client: Client, pacer: Client, bytes: number): Promise<void> {
	client.apply();
	const { doc } = client;
	const text = doc.getText('text');
	const write = (update: Uint8Array, origin: unknown) => {
		if (origin !== client) client.write(client.frameOf(update));
	};
	doc.on('update', write);
	let heard = Y.getState(doc.store, doc.clientID);
	let more = Promise.withResolvers<void>();
	pacer.onUpdate = (update) => {
		heard = Math.max(heard, Y.parseUpdateMeta(update).to.get(doc.clientID) ?? 0);
		more.resolve();
	};
	const last = heard + bytes;
	while (heard < last) {
		const written = Y.getState(doc.store, doc.clientID);
		if (written < last && written - heard < AHEAD * PIECE) {
			doc.transact(() => {
				text.delete(0, text.length);
				text.insert(0, String.fromCharCode(97 + randomInt(26)).repeat(PIECE));
			});
			await delay(0);
			continue;
		}
		more = Promise.withResolvers();
		if (heard < last) await more.promise;
	}
	pacer.onUpdate = undefined;
	doc.off('update', write);
}

const PENDING = 20_000;
const OVERSIZED = 110 * 1024 * 1024;
const IDS = 100_000;
const FUZZED = 1_000_000;
/** Frames that are written to one socket before anybody looks whether it is still open. */
const BARRAGE = 1000;
const FUZZED_BYTES = 4096;
/** Fuzzed frames begin anywhere in so much noise, which is made once: it is no attack on ourselves. */
const NOISE_BYTES = 16 * 1024 * 1024;
/** Sockets at a time. */
const FUZZERS = 4;

/** Each resolves when the server has cut the last of its sockets, or they have nothing left to say. */
export const attacks = {
	'updates that never integrate': async ([door]) => {
		const socket = await enter(door!);
		const doc = new Y.Doc();
		const frames: Uint8Array[] = [];
		doc.on('update', (update) => frames.push(encodeUpdate(update)));
		for (let n = 0; n <= PENDING; n += 1) doc.getText('text').insert(0, 'x'.repeat(1000));
		for (const frame of frames.slice(1)) socket.send(frame, () => {});
		await over(socket);
	},
	'quadratic updates': async (doors) => {
		for (const [n, count] of [1000, 2000, 4000, 8000].entries()) {
			const socket = await enter(doors[n]!);
			socket.send(encodeUpdate(quadraticUpdate(count)));
			await over(socket);
		}
	},
	'100,000 awareness ids at once': async ([door]) => {
		const socket = await enter(door!);
		const entries = Array.from({ length: IDS }, (_, client) => ({ client, clock: 1, state: '{}' }));
		socket.send(encodeAwareness(entries));
		await over(socket);
	},
	'a frame of 110 MB': async ([door]) => {
		const socket = await enter(door!);
		socket.send(Buffer.alloc(OVERSIZED), () => {});
		await over(socket);
	},
	'misframed bytes': async (doors) => {
		await Promise.all(doors.map((door) => misframe(door)));
	},
	'1,000,000 fuzzed frames': async (doors) => {
		const doc = new Y.Doc();
		doc.getText('text').insert(0, 'FROM scratch '.repeat(300));
		const honest = Buffer.from(encodeUpdate(Y.encodeStateAsUpdate(doc)));
		const noise = randomBytes(NOISE_BYTES);
		let sent = 0;
		const barrages = async (door: Door) => {
			while (sent < FUZZED) {
				sent += BARRAGE;
				const socket = await enter(door);
				for (let n = 0; n < BARRAGE; n += 1) socket.send(fuzzed(honest, noise), () => {});
				await over(socket);
			}
		};
		await Promise.all(doors.slice(0, FUZZERS).map(barrages));
	},
} satisfies Record<string, (doors: readonly Door[]) => Promise<void>>;
export type Attack = keyof typeof attacks;

async function enter(door: Door): Promise<WebSocket> {
	// A mask of zeros is one: it changes nothing, and costs the attacker nothing.
	const generateMask = () => {};
	const socket = new WebSocket(door.address, { perMessageDeflate: false, generateMask });
	socket.on('error', () => {});
	await once(socket, 'open');
	return socket;
}

/** Until it was cut, or has been left alone for as long as a trial of ours takes. */
async function over(socket: WebSocket): Promise<void> {
	const closed = once(socket, 'close');
	while (socket.readyState === socket.OPEN && socket.bufferedAmount > 0) await delay(5);
	await Promise.race([closed, delay(5000, undefined, { ref: false })]);
	socket.terminate();
}

/** Random bytes, or an honest frame with a byte changed, cut off, or both. */
function fuzzed(honest: Buffer, noise: Buffer): Buffer {
	if (Math.random() < 0.5) {
		const at = below(noise.length - FUZZED_BYTES);
		return noise.subarray(at, at + 1 + below(FUZZED_BYTES));
	}
	const frame = Buffer.from(honest);
	for (let n = below(4); n >= 0; n -= 1) frame[below(frame.length)] = below(256);
	return frame.subarray(0, 1 + below(frame.length));
}

const below = (end: number): number => Math.floor(Math.random() * end);

/** A handshake as it should be, then what no frame looks like. */
async function misframe(door: Door): Promise<void> {
	const { host, port, hostname, pathname, search } = new URL(door.address);
	const socket = connect(Number(port), hostname);
	socket.on('error', () => {});
	const key = randomBytes(16).toString('base64');
	socket.write(
		[
			`GET ${pathname}${search} HTTP/1.1`,
			`Host: ${host}`,
			'Connection: Upgrade',
			'Upgrade: websocket',
			'Sec-WebSocket-Version: 13',
			`Sec-WebSocket-Key: ${key}`,
			'\r\n',
		].join('\r\n'),
	);
	await once(socket, 'data');
	socket.write(randomBytes(2000));
	socket.resume();
	if (!socket.destroyed) await Promise.race([once(socket, 'close'), delay(5000)]);
	socket.destroy();
}
