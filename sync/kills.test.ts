// kill -9 under typing, of sync and of Postgres: every acknowledged edit is there, deletions too, and
// stock clients go on without a word.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { connect, migrateToLatest } from '@containrlab/db/connect.ts';
import { readRows, unpackUpdates } from '@containrlab/db/doc-log.ts';
import { freePort, startPostgres, type EmbeddedPostgres } from '@containrlab/db/embedded.ts';
import type { StockClient } from './testing.ts';
import { createRoom, pemOf, stockClient, ticketFor, ticketKeys, TOKEN, until } from './testing.ts';

let dir: string;
let keys: CryptoKeyPair;
let port: number;
let postgres: EmbeddedPostgres;
let postgresPort: number;
let child: ChildProcess;
let log = '';

const startStore = () =>
	startPostgres({ dir: join(dir, 'postgres'), password: 'secret', port: postgresPort });

async function startSync(): Promise<void> {
	child = spawn(process.execPath, [fileURLToPath(new URL('./main.ts', import.meta.url))], {
		env: {
			PATH: process.env['PATH'],
			SYNC_LISTEN: `127.0.0.1:${port}`,
			DATABASE_URL: postgres.url('postgres'),
			TICKET_PUBLIC_KEY_FILE: join(dir, 'public.pem'),
			SYNC_TOKEN_FILE: join(dir, 'token'),
			EXIT_WITH_PARENT: '1',
		},
		stdio: ['pipe', 'pipe', 'pipe'],
	});
	child.stderr!.on('data', (chunk: Buffer) => (log += chunk.toString()));
	const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
	expect(line).toBe(`ready http://127.0.0.1:${port}`);
}

beforeAll(async () => {
	dir = await mkdtemp(join(tmpdir(), 'containrlab-sync-'));
	keys = await ticketKeys();
	await writeFile(join(dir, 'public.pem'), await pemOf(keys.publicKey));
	await writeFile(join(dir, 'token'), TOKEN);
	[port, postgresPort] = [await freePort(), await freePort()];
	postgres = await startStore();
	await migrateToLatest(postgres.url('postgres'));
	await startSync();
});

afterAll(async () => {
	child.kill('SIGTERM');
	await once(child, 'exit');
	await postgres.stop();
	await rm(dir, { recursive: true, force: true });
});

async function freshRoom(): Promise<string> {
	await using connection = connect(postgres.url('postgres'), { max: 1 });
	return await createRoom(connection.sql);
}

/** The text as the log alone gives it. */
async function logged(room: string): Promise<string> {
	await using connection = connect(postgres.url('postgres'), { max: 1 });
	const doc = new Y.Doc();
	for (const row of await readRows(connection.sql, room, 0)) {
		for (const part of unpackUpdates(row.parts, row.bytes) ?? []) Y.applyUpdate(doc, part);
	}
	return doc.getText('text').toString();
}

const client = (room: string, id: string, doc?: Y.Doc) =>
	stockClient({
		url: `http://127.0.0.1:${port}`,
		ticket: ticketFor(room, { user: { id, name: id, role: 'student' } }),
		privateKey: keys.privateKey,
		...(doc ? { doc } : {}),
	});

/** Types, and now and then deletes, until told to stop; remembers what was last shown as saved. */
function type({ text, doc }: StockClient, client: StockClient, mark: string) {
	let n = 0;
	let saved: Y.Snapshot | undefined;
	let savedText = '';
	const timer = setInterval(() => {
		n += 1;
		if (n % 5 === 0 && text.length > 4) text.delete(0, 3);
		else text.insert(text.length, `${mark}${n};`);
	}, 5);
	const watch = setInterval(() => {
		if (!client.saved) return;
		saved = Y.snapshot(doc);
		savedText = text.toString();
	}, 1);
	return {
		stop: () => {
			clearInterval(timer);
			clearInterval(watch);
		},
		/** What the page called saved last; a snapshot knows deletions, a state vector doesn't. */
		saved: () => ({ snapshot: saved, text: savedText }),
	};
}

/** Whether the log holds every insertion and every deletion of a snapshot. */
async function holds(room: string, saved: Y.Snapshot): Promise<boolean> {
	await using connection = connect(postgres.url('postgres'), { max: 1 });
	const doc = new Y.Doc({ gc: false });
	for (const row of await readRows(connection.sql, room, 0)) {
		for (const part of unpackUpdates(row.parts, row.bytes) ?? []) Y.applyUpdate(doc, part);
	}
	const now = Y.snapshot(doc);
	const inserted = [...saved.sv].every(([id, clock]) => (now.sv.get(id) ?? 0) >= clock);
	const deleted = [...saved.ds.clients].every(([id, ranges]) =>
		ranges.every(({ clock, len }) => {
			for (let at = clock; at < clock + len; at += 1) {
				if (!Y.isDeleted(now.ds, Y.createID(id, at))) return false;
			}
			return true;
		}),
	);
	return inserted && deleted;
}

test('kill -9 of sync under typing loses nothing that was shown as saved', async () => {
	const noise = [vi.spyOn(console, 'error'), vi.spyOn(console, 'warn')];
	const room = await freshRoom();
	for (let round = 0; round < 5; round += 1) {
		const anna = await client(room, 'anna');
		const typing = type(anna, anna, `r${round}-`);
		await until('something is saved', () => typing.saved().text.length > 60);
		child.kill('SIGKILL');
		await once(child, 'exit');
		typing.stop();
		// The browser closes too: what it had not been told is saved may go, nothing else.
		anna[Symbol.dispose]();
		expect(await holds(room, typing.saved().snapshot!)).toBe(true);
		await startSync();
		using ben = await client(room, 'ben');
		await until('synced', () => ben.provider.synced);
		expect(ben.text.toString()).toBe(await logged(room));
	}
	for (const spy of noise) {
		expect(spy).not.toHaveBeenCalled();
		spy.mockRestore();
	}
});

test('a browser that stays open loses nothing at all when sync is killed', async () => {
	const room = await freshRoom();
	using anna = await client(room, 'anna');
	using ben = await client(room, 'ben');
	const typing = [type(anna, anna, 'a'), type(ben, ben, 'b')];
	for (let round = 0; round < 3; round += 1) {
		const before = anna.text.length;
		await until('typed', () => anna.text.length > before + 50);
		child.kill('SIGKILL');
		await once(child, 'exit');
		await startSync();
	}
	for (const each of typing) each.stop();
	await until('all saved', () => anna.saved && ben.saved);
	await until('all agree', () => anna.text.toString() === ben.text.toString());
	expect(await logged(room)).toBe(anna.text.toString());
});

test('with Postgres away, typing goes on as unsaved, and is stored when it is back', async () => {
	const room = await freshRoom();
	using anna = await client(room, 'anna');
	using ben = await client(room, 'ben');
	const typing = type(anna, anna, 'p');
	await until('something is saved', () => typing.saved().text.length > 60);
	process.kill(postgres.pid, 'SIGKILL');
	await postgres.ended;
	expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(503);
	const before = ben.text.length;
	await until('edits still arrive', () => ben.text.length > before + 50);
	expect(anna.saved).toBe(false);
	postgres = await startStore();
	typing.stop();
	await until('saved', () => anna.saved, 20_000);
	await until('ben has it', () => ben.text.toString() === anna.text.toString());
	expect(await logged(room)).toBe(anna.text.toString());
	expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
}, 60_000);

test('SIGTERM saves everything and asks clients to come back; the log holds no ticket', async () => {
	const room = await freshRoom();
	using anna = await client(room, 'anna');
	await until('in', () => anna.provider.synced);
	const codes: number[] = [];
	anna.provider.on('connection-close', (event) => event && codes.push(event.code));
	anna.text.insert(0, 'last words');
	await until('sent', () => anna.sent === 2);
	await until('received', async () => anna.durable > 0);
	child.kill('SIGTERM');
	const [code] = (await once(child, 'exit')) as [number];
	expect([code, codes[0]]).toEqual([0, 4501]);
	await startSync();
	await until('saved again', () => anna.saved);
	expect(await logged(room)).toBe('last words');
	expect(log).not.toContain('ticket=');
});
