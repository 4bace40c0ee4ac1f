// Whatever bytes come: they cost at most their own connection, and other rooms don't notice. A seed
// replays a round; with SOAK there are many more, each run's its own.

import type { EventEmitter } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { newId, workspaceRoom } from '@containrlab/protocol/id.ts';
import { SYNC_LIMITS } from '@containrlab/protocol/sync.ts';
import { signTicket, type Ticket } from '@containrlab/protocol/ticket.ts';
import { silentLogger } from './logger.ts';
import { MemoryStorage } from './memory-storage.ts';
import { SyncServer } from './server.ts';
import { stockClient, ticketFor, ticketKeys, TOKEN, until } from './testing.ts';
import { encodeAwareness, encodeStep1, encodeUpdate, toFrame } from './wire.ts';

const SOAK = process.env['SOAK'] !== undefined;
const FROM = Number(process.env['SYNC_FUZZ_SEED'] ?? (SOAK ? Date.now() % 1_000_000 : 1));
const SEEDS = Array.from({ length: SOAK ? 200 : 2 }, (_, n) => FROM + n);
const SOCKETS = 25;
const FRAMES = 60;

const storage = new MemoryStorage();
let keys: CryptoKeyPair;
let server: SyncServer;
let url: string;

beforeAll(async () => {
	keys = await ticketKeys();
	server = new SyncServer({
		...{ storage, ticketPublicKey: keys.publicKey, token: TOKEN, logger: silentLogger },
	});
	({ url } = await server.listen(0, '127.0.0.1'));
});
afterAll(() => server.close());

class Dice {
	#state: number;
	constructor(seed: number) {
		this.#state = seed;
	}

	/** mulberry32 */
	below(end: number): number {
		this.#state = (this.#state + 0x6d2b79f5) | 0;
		let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) % end;
	}

	of<T>(all: readonly T[]): T {
		return all[this.below(all.length)]!;
	}

	bytes(most: number): Buffer {
		return Buffer.from(Array.from({ length: 1 + this.below(most) }, () => this.below(256)));
	}
}

/** One that a client might have sent. */
function honest(dice: Dice): Uint8Array {
	const doc = new Y.Doc();
	doc.clientID = 1 + dice.below(2 ** 31);
	for (let n = dice.below(20); n >= 0; n -= 1) {
		const text = doc.getText(dice.of(['text', 'other']));
		text.insert(dice.below(text.length + 1), 'FROM scratch\n'.slice(dice.below(10)));
		if (dice.below(3) === 0) text.delete(0, dice.below(text.length));
		doc.getMap('files').set(dice.of(['a', 'b']), new Y.Map([['n', n]]));
	}
	return dice.of([
		() => encodeUpdate(Y.encodeStateAsUpdate(doc)),
		() => encodeStep1(Y.encodeStateVector(doc)),
		() =>
			encodeAwareness([
				{ client: doc.clientID, clock: dice.below(9), state: JSON.stringify({ at: doc.clientID }) },
			]),
		() => Uint8Array.of(3),
	])();
}

/** As it is, torn, changed in some bytes, doubled, or nothing like it. */
function message(dice: Dice): Uint8Array {
	const frame = Buffer.from(honest(dice));
	return dice.of([
		() => frame,
		() => frame.subarray(0, dice.below(frame.length)),
		() => {
			for (let n = dice.below(4); n >= 0; n -= 1) frame[dice.below(frame.length)] = dice.below(256);
			return frame;
		},
		() => Buffer.concat([frame, frame]),
		() => dice.bytes(4096),
	])();
}

/** What `ws` itself has to refuse: below the messages. */
function misframed(dice: Dice): Buffer {
	const frame = toFrame(honest(dice));
	return dice.of([
		// From a client it has to be masked.
		() => frame,
		() => dice.bytes(2000),
		// A length of 2^62.
		() => Buffer.from([0x82, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]),
		// Reserved bits, reserved opcodes, a control frame that is too long, one in pieces.
		() => Buffer.from([0xf2, 0x80, 1, 2, 3, 4]),
		() => Buffer.from([0x83 + dice.below(5), 0x80, 1, 2, 3, 4]),
		() => Buffer.from([0x89, 0xfe, 1, 0, 1, 2, 3, 4]),
		() => Buffer.from([0x09, 0x80, 1, 2, 3, 4]),
		// A continuation of nothing; a text that is none; a close with half a code.
		() => Buffer.from([0x80, 0x80, 1, 2, 3, 4]),
		() => Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0xff]),
		() => Buffer.from([0x88, 0x81, 0, 0, 0, 0, 3]),
		// The beginning of something that never ends.
		() => Buffer.from([0x02, 0xfe, 0xff, 0xff, 1, 2, 3, 4, ...dice.bytes(50)]),
	])();
}

/** Unlike Node's own `once` it takes no error for an end: being cut off is what these are here for. */
const heard = (socket: EventEmitter, event: string): Promise<void> =>
	new Promise((resolve) => socket.once(event, () => resolve()));

async function throwMessages(dice: Dice, address: URL): Promise<void> {
	const socket = new WebSocket(address);
	socket.on('error', () => {});
	const closed = heard(socket, 'close');
	await Promise.race([heard(socket, 'open'), closed]);
	for (let n = 0; n < FRAMES; n += 1) socket.send(message(dice), () => {});
	if (dice.below(10) === 0) socket.send(Buffer.alloc(SYNC_LIMITS.frame + 1), () => {});
	socket.close();
	await closed;
}

async function throwBytes(dice: Dice, { host, hostname, port, pathname, search }: URL) {
	const socket = connect(Number(port), hostname);
	socket.on('error', () => {});
	const closed = heard(socket, 'close');
	const head = [
		`GET ${pathname}${search} HTTP/1.1`,
		`Host: ${host}`,
		'Connection: Upgrade',
		'Upgrade: websocket',
		'Sec-WebSocket-Version: 13',
		'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
	];
	// Now and then not even the handshake is one.
	if (dice.below(5) === 0) head[dice.below(head.length)] = dice.bytes(200).toString('latin1');
	socket.write(`${head.join('\r\n')}\r\n\r\n`, 'latin1');
	await Promise.race([heard(socket, 'data'), closed]);
	for (let n = dice.below(4); n >= 0; n -= 1) socket.write(misframed(dice));
	socket.end();
	socket.resume();
	await closed;
}

test.each(SEEDS)('whatever bytes come, seed %i', { timeout: 300_000 }, async (seed) => {
	const dice = new Dice(seed);
	const [room, quiet] = [workspaceRoom(newId()), workspaceRoom(newId())];
	storage.create(room);
	storage.create(quiet);
	const client = (name: string, changes: Partial<Ticket> = {}) =>
		stockClient({ url, ticket: ticketFor(name, changes), privateKey: keys.privateKey });
	using anna = await client(quiet);
	await until('anna is in', () => anna.saved);
	let drops = 0;
	anna.provider.on('connection-close', () => (drops += 1));
	for (let n = 0; n < SOCKETS; n += 1) {
		const user = { id: `m${n}`, name: 'Mallory', role: 'student' } as const;
		const address = new URL(`${url.replace('http', 'ws')}/${room}`);
		address.searchParams.set(
			'ticket',
			await signTicket(keys.privateKey, ticketFor(room, { user })),
		);
		await (dice.below(3) === 0 ? throwBytes(dice, address) : throwMessages(dice, address));
		anna.text.insert(0, `${n} `);
	}
	await until('anna is saved', () => anna.saved);
	expect(drops).toBe(0);
	// Whoever comes now gets a whole document, all the same one, also from the log.
	using ben = await client(room, { access: 'read' });
	await until('ben reads it', () => ben.provider.synced);
	const loaded = await server.rooms.loaded(room);
	expect(Y.encodeStateVector(ben.doc)).toEqual(Y.encodeStateVector(loaded!.doc));
	expect(ben.doc.getMap('files').toJSON()).toEqual(loaded!.doc.getMap('files').toJSON());
});
