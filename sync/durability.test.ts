// Real servers on one Postgres: an old one that still drains, and a store that is slow.

import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import * as Y from 'yjs';
import { connect } from '@containrlab/db/connect.ts';
import { testDatabase, type TestDatabase } from '@containrlab/db/testing.ts';
import { SYNC_LIMITS } from '@containrlab/protocol/sync.ts';
import { signTicket } from '@containrlab/protocol/ticket.ts';
import { silentLogger } from './logger.ts';
import { PostgresStorage } from './postgres-storage.ts';
import { SyncServer } from './server.ts';
import {
	createRoom,
	rawClient,
	stockClient,
	ticketFor,
	ticketKeys,
	TOKEN,
	until,
} from './testing.ts';
import { encodeUpdate } from './wire.ts';

let database: TestDatabase;
let keys: CryptoKeyPair;
beforeAll(async () => {
	database = await testDatabase();
	keys = await ticketKeys();
});
afterAll(() => database[Symbol.asyncDispose]());

/** A server whose commits wait while `held` is set. */
async function server(options: { heldMs?: number; heartbeatMs?: number } = {}) {
	const storage = new PostgresStorage({ url: database.url, holder: 'test' });
	const gate = { held: undefined as Promise<void> | undefined, commits: 0 };
	const append = storage.append.bind(storage);
	storage.append = async (batch) => {
		gate.commits += 1;
		await gate.held;
		return append(batch);
	};
	const it = new SyncServer({
		...{ storage, ticketPublicKey: keys.publicKey, token: TOKEN, logger: silentLogger },
		...options,
	});
	const { url } = await it.listen(0, '127.0.0.1');
	onTestFinished(async () => {
		await it.close();
		await storage.close();
	});
	const client = (room: string, id: string, doc?: Y.Doc) =>
		stockClient({
			url,
			ticket: ticketFor(room, { user: { id, name: id, role: 'student' } }),
			privateKey: keys.privateKey,
			...(doc ? { doc } : {}),
		});
	return { it, url, gate, client };
}

test('an old server that still drains appends nothing to a room that a new one has', async () => {
	const room = await createRoom(database.connection.sql);
	const [old, fresh] = [await server(), await server()];
	const anna = await old.client(room, 'anna');
	await until('saved', () => anna.saved);
	const { promise, resolve } = Promise.withResolvers<void>();
	old.gate.held = promise;
	const before = old.gate.commits;
	anna.text.insert(0, 'under way;');
	await until('on its way to the store', () => old.gate.commits > before);
	using ben = await fresh.client(room, 'ben');
	await until('ben is in', () => ben.saved);
	ben.text.insert(0, 'ben;');
	await until('ben is saved', () => ben.saved);
	const codes: number[] = [];
	anna.provider.on('connection-close', (event) => event && codes.push(event.code));
	anna.provider.shouldConnect = false;
	resolve();
	await until('told to go elsewhere', () => codes.length > 0);
	expect(codes).toEqual([4509]);
	expect([anna.saved, ben.text.toString()]).toEqual([false, 'ben;']);
	anna.provider.destroy();
	using again = await fresh.client(room, 'anna', anna.doc);
	await until('all saved', () => again.saved && ben.text.toString() === again.text.toString());
	expect(ben.text.toString().split(';').sort()).toEqual(['', 'ben', 'under way']);
});

test('with a slow store, who sends is read no further, isn’t cut for it, and loses nothing', async () => {
	const room = await createRoom(database.connection.sql);
	const { it, url, gate, client } = await server({ heartbeatMs: 300 });
	using reader = await client(room, 'reader');
	await until('in', () => reader.saved);
	const sender = await rawClient(url, room, await signTicket(keys.privateKey, ticketFor(room)));
	let cut = false;
	void sender.closed.then(() => (cut = true));
	const loaded = (await it.rooms.loaded(room))!;
	const { promise, resolve } = Promise.withResolvers<void>();
	gate.held = promise;
	const doc = new Y.Doc();
	doc.on('update', (update: Uint8Array) => sender.send(encodeUpdate(update)));
	const chunk = 'x'.repeat(200_000);
	for (let n = 0; n < 100; n += 1) doc.getText('text').insert(0, chunk);
	await until('much waits', () => loaded.log.unsaved > 2_000_000);
	const heartbeats = sender.frames.length;
	await until('some heartbeats went by', () => sender.frames.length > heartbeats + 3);
	expect(loaded.log.unsaved).toBeLessThan(SYNC_LIMITS.unsavedPerRoom);
	gate.held = undefined;
	resolve();
	await until('all there', () => reader.text.length === 100 * chunk.length, 30_000);
	expect(cut).toBe(false);
	sender.close();
});

test('a room whose row is locked holds up its own edits alone', async () => {
	const { sql } = database.connection;
	const [room, other] = [await createRoom(sql), await createRoom(sql)];
	const { client } = await server();
	using anna = await client(room, 'anna');
	using ben = await client(other, 'ben');
	await until('both are in', () => anna.saved && ben.saved);
	await using connection = connect(database.url, { max: 1 });
	await connection.sql.begin(async (tx) => {
		await tx`select from doc_rooms where room = ${room} for update`;
		anna.text.insert(0, 'waits');
		ben.text.insert(0, 'goes on');
		await until('ben is saved', () => ben.saved);
		ben.text.insert(0, 'and ');
		await until('ben is saved again', () => ben.saved);
		expect(anna.saved).toBe(false);
	});
	await until('anna is saved', () => anna.saved);
	expect(anna.provider.wsconnected).toBe(true);
});

test('a commit is on disk before it is answered, whatever the server was set up for', async () => {
	const [row] = await database.connection.sql`select current_database() as name`;
	await database.connection.sql.unsafe(
		`alter database ${row!['name']} set synchronous_commit = off`,
	);
	await using connection = connect(database.url, { max: 1 });
	expect(await connection.sql`show synchronous_commit`).toEqual([{ synchronous_commit: 'on' }]);
});
