// Stock clients, a real socket and a real Postgres: they converge, and what is acknowledged is stored.

import { WebSocket } from 'ws';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import * as Y from 'yjs';
import { readRows, unpackUpdates } from '@containrlab/db/doc-log.ts';
import { testDatabase, type TestDatabase } from '@containrlab/db/testing.ts';
import { CLOSE, SNAPSHOT_SEQ_HEADER } from '@containrlab/protocol/sync.ts';
import { signTicket, TICKET_HEADER, type Ticket } from '@containrlab/protocol/ticket.ts';
import { LIMITS } from './limits.ts';
import { silentLogger } from './logger.ts';
import { PostgresStorage } from './postgres-storage.ts';
import { StorageUnavailable } from './storage.ts';
import { SyncServer, type SyncOptions } from './server.ts';
import {
	createRoom,
	encodeTicket,
	rawClient,
	stockClient,
	ticketFor,
	ticketKeys,
	TOKEN,
	until,
} from './testing.ts';
import { decodeMessage, encodeAwareness, encodeUpdate } from './wire.ts';

let database: TestDatabase;
let keys: CryptoKeyPair;
let server: SyncServer;
let url: string;

beforeAll(async () => {
	database = await testDatabase();
	keys = await ticketKeys();
	server = new SyncServer(options());
	({ url } = await server.listen(0, '127.0.0.1'));
});

const options = () => ({
	storage: new PostgresStorage({ url: database.url, holder: 'test' }),
	ticketPublicKey: keys.publicKey,
	token: TOKEN,
	logger: silentLogger,
});

/** A server of the test's own. */
async function another(changes: Partial<SyncOptions>) {
	const it = new SyncServer({ ...options(), ...changes });
	onTestFinished(() => it.close());
	return { it, ...(await it.listen(0, '127.0.0.1')) };
}

afterAll(async () => {
	await server.close();
	await database[Symbol.asyncDispose]();
});

const client = (room: string, changes?: Partial<Ticket>, ack = true) =>
	stockClient({ url, ticket: ticketFor(room, changes), privateKey: keys.privateKey, ack });

/** The document as the log alone gives it. */
async function logged(room: string): Promise<string> {
	const doc = new Y.Doc();
	for (const row of await readRows(database.connection.sql, room, 0)) {
		for (const part of unpackUpdates(row.parts, row.bytes) ?? []) Y.applyUpdate(doc, part);
	}
	return doc.getText('text').toString();
}

test('stock clients converge, and every acknowledged edit is in the log', async () => {
	const room = await createRoom(database.connection.sql);
	using anna = await client(room);
	using ben = await client(room, { user: { id: 'ben', name: 'Ben', role: 'ta' } });
	anna.text.insert(0, 'FROM python');
	await until('ben has it', () => ben.text.toString() === 'FROM python');
	ben.text.insert(11, ':3.13');
	anna.text.delete(0, 5);
	await until('both agree', () => anna.text.toString() === 'python:3.13');
	await until('both agree', () => ben.text.toString() === 'python:3.13');
	await until('both saved', () => anna.saved && ben.saved);
	expect(await logged(room)).toBe('python:3.13');
});

const raw = async (room: string, changes?: Partial<Ticket>) =>
	rawClient(url, room, await signTicket(keys.privateKey, ticketFor(room, changes)));

const call = (path: string, init: RequestInit = {}) =>
	fetch(url + path, { ...init, headers: { authorization: `Bearer ${TOKEN}`, ...init.headers } });

test('a reader changes nothing, by its editor or by crafted frames', async () => {
	const room = await createRoom(database.connection.sql);
	using anna = await client(room);
	using reader = await client(room, { access: 'read', user: { id: 'ben', name: 'B', role: 'ta' } });
	const crafted = await raw(room, { access: 'read' });
	anna.text.insert(0, 'mine');
	await until('read', () => reader.text.toString() === 'mine');
	reader.text.insert(0, 'not ');
	const doc = new Y.Doc();
	doc.getText('text').insert(0, 'neither ');
	crafted.send(encodeUpdate(Y.encodeStateAsUpdate(doc)));
	crafted.send(Uint8Array.of(0, 1, ...encodeUpdate(Y.encodeStateAsUpdate(doc)).subarray(2)));
	await crafted.answered();
	anna.text.insert(4, '!');
	await until('saved', () => anna.saved);
	expect(anna.text.toString()).toBe('mine!');
	expect(await logged(room)).toBe('mine!');
	crafted.close();
});

test('nobody speaks as another, and stock clients see who is there', async () => {
	const room = await createRoom(database.connection.sql);
	using anna = await client(room);
	using ben = await client(room, { user: { id: 'ben', name: 'Ben', role: 'ta' } });
	anna.provider.awareness.setLocalStateField('user', { name: 'The teacher', role: 'instructor' });
	const seen = () => ben.provider.awareness.getStates().get(anna.doc.clientID)?.['user'];
	await until('ben sees anna', () => seen()?.name === 'Anna');
	const spoof = await raw(room, { user: { id: 'mallory', name: 'Mallory', role: 'student' } });
	spoof.send(encodeAwareness([{ client: anna.doc.clientID, clock: 999, state: '{"x":1}' }]));
	spoof.send(encodeAwareness([{ client: anna.doc.clientID, clock: 1000, state: 'null' }]));
	await spoof.answered();
	expect(seen()).toMatchObject({ id: 'anna', name: 'Anna', role: 'student' });
	anna.provider.disconnect();
	await until('anna is gone', () => seen() === undefined);
	spoof.close();
});

test('misshapen frames close their own connection, in a named way, and no other', async () => {
	const room = await createRoom(database.connection.sql);
	using anna = await client(room);
	await until('in', () => anna.provider.synced);
	let drops = 0;
	anna.provider.on('connection-close', () => (drops += 1));
	const valid = encodeUpdate(Y.encodeStateAsUpdate(anna.doc));
	const hostile: [string, Uint8Array | string, number][] = [
		['truncated', valid.subarray(0, valid.length - 1), CLOSE.malformed.code],
		['unknown', Uint8Array.of(42), CLOSE.malformed.code],
		['text', 'hello', CLOSE.malformed.code],
		['no update', encodeUpdate(Uint8Array.of(1, 1, 1)), CLOSE.malformed.code],
		['no state vector', Uint8Array.of(0, 0, 2, 200, 200), CLOSE.malformed.code],
		['oversized', new Uint8Array(5 * 1024 * 1024), CLOSE.tooLarge.code],
	];
	for (const [, frame, code] of hostile) {
		const socket = await raw(room);
		socket.send(frame);
		expect(await socket.closed).toBe(code);
	}
	anna.text.insert(0, 'still here');
	await until('saved', () => anna.saved);
	expect(drops).toBe(0);
});

test('thousands of damaged frames leave the others alone', async () => {
	const room = await createRoom(database.connection.sql);
	using anna = await client(room);
	anna.text.insert(0, 'FROM python\n'.repeat(20));
	await until('saved', () => anna.saved);
	const valid = encodeUpdate(Y.encodeStateAsUpdate(anna.doc));
	let seed = 7;
	const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
	for (let n = 0; n < 40; n += 1) {
		const socket = await raw(room, { user: { id: `m${n}`, name: 'Mallory', role: 'student' } });
		for (let m = 0; m < 100; m += 1) {
			const frame = Uint8Array.from(valid.subarray(0, 1 + random(valid.length)));
			for (let k = random(4); k >= 0; k -= 1) frame[random(frame.length)] = random(256);
			socket.send(frame);
		}
		socket.close();
		await socket.closed;
	}
	anna.text.insert(0, '# ');
	await until('saved', () => anna.saved);
	using late = await client(room, { access: 'read' });
	await until('a late reader has the same', () => late.text.toString() === anna.text.toString());
});

test('a client that knows no acknowledgement never gets one, and hears a heartbeat', async () => {
	const room = await createRoom(database.connection.sql);
	const { url } = await another({ heartbeatMs: 100 });
	const stock = await rawClient(url, room, await signTicket(keys.privateKey, ticketFor(room)));
	stock.send(encodeUpdate(Uint8Array.of(0, 0)));
	await until(
		'heartbeats',
		() => stock.frames.filter(({ type }) => type === 'awareness').length > 2,
	);
	expect(stock.frames.map(({ type }) => type)).not.toContain('malformed');
	stock.close();
});

test("who doesn't hold a ticket for this room is turned away for good", async () => {
	const room = await createRoom(database.connection.sql);
	const other = await createRoom(database.connection.sql);
	const closedWith = async (ticket: string, path = room) =>
		(await rawClient(url, path, ticket)).closed;
	const sign = (changes: Partial<Ticket>) => signTicket(keys.privateKey, ticketFor(room, changes));
	expect(await closedWith('nonsense')).toBe(CLOSE.unauthorized.code);
	expect(await closedWith(await sign({ resource: other }))).toBe(CLOSE.unauthorized.code);
	expect(await closedWith(await sign({ aud: 'terminal' }))).toBe(CLOSE.unauthorized.code);
	expect(await closedWith(await sign({ exp: 1 }))).toBe(CLOSE.recheck.code);
	const nowhere = 'workspace:nosuchroom';
	expect(await closedWith(await sign({ resource: nowhere }), nowhere)).toBe(CLOSE.unknownRoom.code);
});

test('takes the ticket from the header that web sets, under /sync too', async () => {
	const room = await createRoom(database.connection.sql);
	const token = await signTicket(keys.privateKey, ticketFor(room));
	const socket = new WebSocket(`${url.replace('http', 'ws')}/sync/${encodeURIComponent(room)}`, {
		headers: { [TICKET_HEADER]: token },
	});
	const first = await new Promise<Buffer>((resolve) => socket.once('message', resolve));
	expect(decodeMessage(first)).toMatchObject({ type: 'step1' });
	socket.terminate();
});

test("revocation closes the user's sockets at once, and their old ticket opens nothing", async () => {
	const room = await createRoom(database.connection.sql);
	const ticket = await signTicket(keys.privateKey, ticketFor(room));
	const anna = await rawClient(url, room, ticket);
	using ben = await client(room, { user: { id: 'ben', name: 'Ben', role: 'ta' } });
	await until('ben is in', () => ben.provider.synced);
	const body = JSON.stringify({ userId: 'anna', final: true });
	const path = `/rooms/${encodeURIComponent(room)}/revoke`;
	expect((await fetch(url + path, { method: 'POST', body })).status).toBe(401);
	expect((await call(path, { method: 'POST', body })).status).toBe(200);
	expect(await anna.closed).toBe(CLOSE.revoked.code);
	expect(await (await rawClient(url, room, ticket)).closed).toBe(CLOSE.recheck.code);
	expect(ben.provider.wsconnected).toBe(true);
});

test('a ticket ends on the open connection too, is asked for before, and can be renewed on it', async () => {
	const room = await createRoom(database.connection.sql);
	const { it, url } = await another({ heartbeatMs: 100 });
	const now = Math.floor(Date.now() / 1000);
	const sign = (changes: Partial<Ticket>) => signTicket(keys.privateKey, ticketFor(room, changes));
	const short = { exp: now + 60, until: now + 2 };
	const [silent, renewing] = [
		await rawClient(url, room, await sign(short)),
		await rawClient(url, `${room}?renew=1`, await sign({ ...short, access: 'read' })),
	];
	const asked = () => renewing.frames.some(({ type }) => type === 'ticket');
	await until('asked for another', asked);
	renewing.send(encodeTicket(await sign({ access: 'write' })));
	expect(await silent.closed).toBe(CLOSE.recheck.code);
	expect(silent.frames.some(({ type }) => type === 'ticket' || type === 'malformed')).toBe(false);
	const doc = new Y.Doc();
	doc.getText('text').insert(0, 'may write now');
	renewing.send(encodeUpdate(Y.encodeStateAsUpdate(doc)));
	await renewing.answered();
	expect((await it.rooms.loaded(room))?.doc.getText('text').toString()).toBe('may write now');
	// Only for the same person in the same room: who is somebody else comes in anew.
	renewing.send(encodeTicket(await sign({ user: { id: 'ben', name: 'Ben', role: 'ta' } })));
	expect(await renewing.closed).toBe(CLOSE.recheck.code);
});

test('edits over HTTP are durable when answered; a snapshot names its place in the log', async () => {
	const room = await createRoom(database.connection.sql);
	const path = `/rooms/${encodeURIComponent(room)}`;
	const doc = new Y.Doc();
	doc.getText('text').insert(0, 'by web');
	const headers = { 'x-containrlab-author': 'carla' };
	const post = (body: Uint8Array) =>
		call(`${path}/updates`, { method: 'POST', headers, body: body as BodyInit });
	const answer = await post(Y.encodeStateAsUpdate(doc));
	expect([answer.status, await answer.json()]).toEqual([200, { seq: 1 }]);
	expect(await logged(room)).toBe('by web');
	expect((await post(Uint8Array.of(7))).status).toBe(400);
	const snapshot = await call(`${path}/snapshot?after=1`);
	expect(snapshot.headers.get(SNAPSHOT_SEQ_HEADER)).toBe('1');
	const copy = new Y.Doc();
	Y.applyUpdate(copy, new Uint8Array(await snapshot.arrayBuffer()));
	expect(copy.getText('text').toString()).toBe('by web');
	expect((await call(`${path}/snapshot?after=2`)).status).toBe(409);
	expect((await call('/rooms/workspace:nosuchroom/snapshot')).status).toBe(404);
});

test('says to anyone that it lives, whether it takes newcomers, and to operators what it does', async () => {
	const storage = new PostgresStorage({ url: database.url, holder: 'metered' });
	const { url } = await another({ storage });
	const room = await createRoom(database.connection.sql);
	using anna = await stockClient({ url, ticket: ticketFor(room), privateKey: keys.privateKey });
	await until('in', () => anna.saved);
	anna.text.insert(0, 'counted, never shown');
	await until('saved', () => anna.saved);
	const ticket = await signTicket(keys.privateKey, ticketFor(room));
	const mallory = await rawClient(url, room, ticket);
	mallory.send('not binary');
	await mallory.closed;
	expect((await fetch(`${url}/metrics`)).status).toBe(401);
	const authorization = `Bearer ${TOKEN}`;
	const metrics = await (await fetch(`${url}/metrics`, { headers: { authorization } })).text();
	for (const line of [
		...['sync_rooms 1', 'sync_sockets 1', 'sync_unsaved_bytes 0', 'sync_trials_waiting 0'],
		...['sync_updates_total 2', 'sync_log_rows_total 1', 'sync_commit_seconds_count 1'],
		'sync_closes_total{reason="malformed-frame"} 1',
	]) {
		expect(metrics.split('\n')).toContain(line);
	}
	expect(metrics).not.toContain('counted');
	const statusOf = async (path: string) => (await fetch(url + path)).status;
	expect([await statusOf('/health'), await statusOf('/ready')]).toEqual([200, 200]);
	storage.ping = async () => {
		throw new StorageUnavailable('away');
	};
	expect([await statusOf('/health'), await statusOf('/ready')]).toEqual([200, 503]);
});

test('a reader that stalls is closed, and the others are not', async () => {
	const room = await createRoom(database.connection.sql);
	const ticket = ticketFor(room, { access: 'read', user: { id: 'ben', name: 'B', role: 'ta' } });
	const stalled = await rawClient(url, room, await signTicket(keys.privateKey, ticket));
	await stalled.answered();
	stalled.stall();
	using anna = await client(room);
	await until('in', () => anna.provider.synced);
	let drops = 0;
	anna.provider.on('connection-close', () => (drops += 1));
	const members = async () => (await server.rooms.loaded(room))?.members.size;
	// Replacing keeps the document small while much is sent.
	const chunk = 'x'.repeat(1024 * 1024);
	for (let n = 0; n < 60 && (await members()) === 2; n += 1) {
		anna.text.delete(0, anna.text.length);
		anna.text.insert(0, chunk);
		await until('saved', () => anna.saved);
	}
	// Closing waits a little for a handshake that doesn't come.
	await until('it is closed', async () => (await members()) === 1, 6000);
	stalled.resume();
	// It may read too slowly to hear why.
	expect([CLOSE.tooSlow.code, 1006]).toContain(await stalled.closed);
	expect(drops).toBe(0);
});

test('one that sends more than its share is read later, and loses nothing', async () => {
	const room = await createRoom(database.connection.sql);
	const { it, url } = await another({ pace: { atOnce: 50, perSecond: 100 } });
	const ticket = ticketFor(room, { user: { id: 'ben', name: 'Ben', role: 'ta' } });
	using ben = await stockClient({ url, ticket, privateKey: keys.privateKey });
	await until('in', () => ben.saved);
	const flood = await rawClient(url, room, await signTicket(keys.privateKey, ticketFor(room)));
	const doc = new Y.Doc();
	doc.on('update', (update: Uint8Array) => flood.send(encodeUpdate(update)));
	for (let n = 0; n < 400; n += 1) doc.getText('text').insert(0, `${n}`.padEnd(1000));
	await until('ben sees some of it', () => ben.text.length > 0);
	ben.text.insert(0, 'undisturbed');
	await until('ben is saved', () => ben.saved);
	expect(it.metrics.traffic.updates).toBeLessThan(400);
	await until('all is there', () => ben.text.length === 400_011, 30_000);
	flood.close();
});

test('one that sends megabytes at once leaves time between for the others', async () => {
	const room = await createRoom(database.connection.sql);
	const { it, url } = await another({});
	const flood = await rawClient(url, room, await signTicket(keys.privateKey, ticketFor(room)));
	await flood.answered();
	const doc = new Y.Doc();
	doc.getText('text').insert(0, 'x'.repeat(1000));
	const frame = encodeUpdate(Y.encodeStateAsUpdate(doc));
	const { traffic } = it.metrics;
	const before = traffic.framesIn;
	for (let n = 0; n < 5000; n += 1) flood.send(frame);
	let most = 0;
	for (let seen = before; seen < before + 5000; seen = traffic.framesIn) {
		await new Promise((resolve) => setImmediate(resolve));
		most = Math.max(most, traffic.framesIn - seen);
	}
	// What was read from the kernel before it was held up comes on top.
	expect(most * frame.length).toBeLessThan(3 * LIMITS.turnBytes);
	flood.close();
});

test('one that asks for the document again and again, and reads nothing, is closed', async () => {
	const room = await createRoom(database.connection.sql);
	using anna = await client(room);
	for (let n = 0; n < 2; n += 1) {
		anna.text.insert(0, 'x'.repeat(3 * 1024 * 1024));
		await until('saved', () => anna.saved);
	}
	const ticket = ticketFor(room, { access: 'read', user: { id: 'ben', name: 'B', role: 'ta' } });
	const greedy = await rawClient(url, room, await signTicket(keys.privateKey, ticket));
	await greedy.answered();
	greedy.stall();
	// Each in a turn of its own: the answers to those of one turn are one.
	for (let n = 0; n < 60; n += 1) {
		greedy.send(Uint8Array.of(0, 0, 1, 0));
		await fetch(`${url}/health`);
	}
	const members = async () => (await server.rooms.loaded(room))?.members.size;
	await until('it is closed', async () => (await members()) === 1, 6000);
	greedy.resume();
	expect([CLOSE.tooSlow.code, 1006]).toContain(await greedy.closed);
});

test('a dead connection is noticed although nobody closed it', async () => {
	const room = await createRoom(database.connection.sql);
	const { it, url } = await another({ heartbeatMs: 100 });
	const dead = await rawClient(url, room, await signTicket(keys.privateKey, ticketFor(room)));
	dead.stall();
	await until('noticed', async () => (await it.rooms.loaded(room))?.members.size === 0);
	dead.resume();
});
