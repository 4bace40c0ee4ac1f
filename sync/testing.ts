// What the tests of sync share: keys, tickets, stock clients, and waiting for something to be true.

import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import type { Sql } from '@containrlab/db/connect.ts';
import { newId, workspaceRoom } from '@containrlab/protocol/id.ts';
import { MESSAGE } from '@containrlab/protocol/sync.ts';
import { signTicket, type Ticket } from '@containrlab/protocol/ticket.ts';
import { decodeMessage, type Message } from './wire.ts';

export const TOKEN = 'a-token-of-the-tests';

export async function ticketKeys(): Promise<CryptoKeyPair> {
	return (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
}

export async function pemOf(key: CryptoKey): Promise<string> {
	const bytes = Buffer.from(await crypto.subtle.exportKey('spki', key));
	return `-----BEGIN PUBLIC KEY-----\n${bytes.toString('base64')}\n-----END PUBLIC KEY-----\n`;
}

export function ticketFor(room: string, changes: Partial<Ticket> = {}): Ticket {
	const now = Math.floor(Date.now() / 1000);
	return {
		aud: 'sync',
		user: { id: 'anna', name: 'Anna', role: 'student' },
		resource: room,
		access: 'write',
		iat: now,
		exp: now + 60,
		jti: newId(),
		...changes,
	};
}

/** A room as web makes it; `starter` is its first row. */
export async function createRoom(sql: Sql, starter?: Uint8Array): Promise<string> {
	const room = workspaceRoom(newId());
	await sql`insert into doc_rooms (room, last_seq) values (${room}, ${starter ? 1 : 0})`;
	if (starter) {
		await sql`insert into doc_updates (room, seq, epoch, user_id, bytes)
			values (${room}, 1, 0, 'system', ${starter})`;
	}
	return room;
}

/** Polls until `condition` holds; says what was awaited when it never does. */
export async function until(
	what: string,
	condition: () => boolean | Promise<boolean>,
	ms = 10_000,
): Promise<void> {
	const deadline = Date.now() + ms;
	while (!(await condition())) {
		if (Date.now() > deadline) throw new Error(`Waited ${ms} ms in vain: ${what}`);
		await delay(10);
	}
}

export interface StockClient extends Disposable {
	doc: Y.Doc;
	text: Y.Text;
	provider: WebsocketProvider;
	/** Document frames sent and told durable on the current connection. */
	readonly sent: number;
	readonly durable: number;
	readonly saved: boolean;
}

export interface StockOptions {
	url: string;
	ticket: Ticket;
	privateKey: CryptoKey;
	doc?: Y.Doc;
	/** Announces that it understands `durable`. */
	ack?: boolean;
	/** Another than its ticket is for. */
	room?: string;
	/** Of another version. */
	Provider?: typeof WebsocketProvider;
	/** Talks with the other tabs of its browser too. */
	tabs?: boolean;
}

/** The unchanged WebsocketProvider; frames are counted on the socket, as the page does. */
export async function stockClient(options: StockOptions): Promise<StockClient> {
	const { url, ticket, privateKey, doc = new Y.Doc(), ack = true, tabs = false } = options;
	const { room = ticket.resource, Provider = WebsocketProvider } = options;
	const count = { sent: 0, durable: 0 };
	class CountingSocket extends WebSocket {
		constructor(...args: ConstructorParameters<typeof WebSocket>) {
			super(...args);
			count.sent = count.durable = 0;
		}
		override send(data: unknown, ...rest: unknown[]): void {
			const [type, step] = data as Uint8Array;
			if (type === MESSAGE.sync && step !== 0) count.sent += 1;
			(super.send as (...all: unknown[]) => void)(data, ...rest);
		}
	}
	const provider = new Provider(url.replace('http', 'ws'), room, doc, {
		params: { ticket: await signTicket(privateKey, ticket), ...(ack ? { ack: '1' } : {}) },
		WebSocketPolyfill: CountingSocket as unknown as typeof globalThis.WebSocket,
		disableBc: !tabs,
		maxBackoffTime: 300,
	});
	if (ack) {
		provider.messageHandlers[MESSAGE.durable] = (_, decoder) => {
			count.durable = decoding.readVarUint(decoder);
		};
	}
	return {
		doc,
		text: doc.getText('text'),
		provider,
		get sent() {
			return count.sent;
		},
		get durable() {
			return count.durable;
		},
		get saved() {
			return provider.synced && count.sent > 0 && count.sent === count.durable;
		},
		[Symbol.dispose]: () => {
			provider.destroy();
			doc.destroy();
		},
	};
}

export interface RawClient {
	/** What came, decoded. */
	frames: Message[];
	closed: Promise<number>;
	send(frame: Uint8Array | string): void;
	/** Resolves once everything sent so far has been worked off. */
	answered(): Promise<void>;
	/** Reads nothing any more, not even a ping. */
	stall(): void;
	resume(): void;
	close(): void;
}

/** What a client sends that renews its ticket. */
export function encodeTicket(token: string): Uint8Array {
	return encoding.encode((encoder) => {
		encoding.writeVarUint(encoder, MESSAGE.ticket);
		encoding.writeVarString(encoder, token);
	});
}

/** A bare socket, for frames that no provider sends. */
export async function rawClient(url: string, room: string, ticket: string): Promise<RawClient> {
	const address = new URL(`${url.replace('http', 'ws')}/${room}`);
	address.searchParams.set('ticket', ticket);
	const socket = new WebSocket(address);
	const frames: Message[] = [];
	const closed = new Promise<number>((resolve) => socket.once('close', resolve));
	socket.on('message', (data) => frames.push(decodeMessage(data as Buffer)));
	socket.on('error', () => {});
	await new Promise((resolve) => socket.once('open', resolve));
	const steps = () => frames.filter((frame) => frame.type === 'update' && frame.resync).length;
	return {
		frames,
		closed,
		send: (frame) => socket.send(frame),
		answered: async () => {
			const before = steps();
			socket.send(Uint8Array.of(0, 0, 1, 0));
			await until('answered', () => steps() > before);
		},
		stall: () => socket.pause(),
		resume: () => socket.resume(),
		close: () => socket.close(),
	};
}

/**
 * A valid update that is quadratic to integrate: `count` items at one place, each of which must be
 * left of another character, so that each has to pass all others. About 14 KB for 1000.
 */
export function quadraticUpdate(count: number): Uint8Array {
	const doc = new Y.Doc();
	doc.clientID = 1_000_000_001;
	doc.getText('text').insert(0, 'r'.repeat(count));
	const update = encoding.createEncoder();
	encoding.writeVarUint(update, 2);
	// Higher client ids come first in an update.
	encoding.writeVarUint(update, count);
	encoding.writeVarUint(update, 2_000_000_002);
	encoding.writeVarUint(update, 0);
	for (let n = 0; n < count; n += 1) {
		// A string with a right origin and no origin.
		encoding.writeUint8(update, 4 | 64);
		encoding.writeVarUint(update, doc.clientID);
		encoding.writeVarUint(update, n);
		encoding.writeVarString(update, 'x');
	}
	const base = Y.encodeStateAsUpdate(doc);
	// The other client's structs, without the count of clients before and the deletions behind.
	for (const byte of base.subarray(1, -1)) encoding.writeUint8(update, byte);
	encoding.writeVarUint(update, 0);
	return encoding.toUint8Array(update);
}
