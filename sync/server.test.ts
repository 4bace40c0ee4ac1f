// Stock clients, a real socket and a real Postgres: they converge, and what is acknowledged is stored.

import { afterAll, beforeAll, expect, test } from 'vitest';
import * as Y from 'yjs';
import { readRows, unpackUpdates } from '@containrlab/db/doc-log.ts';
import { testDatabase, type TestDatabase } from '@containrlab/db/testing.ts';
import type { Ticket } from '@containrlab/protocol/ticket.ts';
import { silentLogger } from './logger.ts';
import { PostgresStorage } from './postgres-storage.ts';
import { SyncServer } from './server.ts';
import { createRoom, stockClient, ticketFor, ticketKeys, TOKEN, until } from './testing.ts';

let database: TestDatabase;
let keys: CryptoKeyPair;
let server: SyncServer;
let url: string;

beforeAll(async () => {
	database = await testDatabase();
	keys = await ticketKeys();
	const storage = new PostgresStorage({ url: database.url, holder: 'test' });
	server = new SyncServer({
		storage,
		ticketPublicKey: keys.publicKey,
		token: TOKEN,
		logger: silentLogger,
	});
	({ url } = await server.listen(0, '127.0.0.1'));
});

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
