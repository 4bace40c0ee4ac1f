// kill -9 under typing, of sync, of Postgres and of both: every acknowledged edit is there, deletions
// too, nothing is there twice, and stock clients go on without a word.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
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
		ticket: ticketFor(room, {
			user: { id, name: id, role: 'student' },
			// As long as it takes: web would put a fresh one on each reconnect.
			exp: Math.floor(Date.now() / 1000) + 24 * 3600,
		}),
		privateKey: keys.privateKey,
		...(doc ? { doc } : {}),
	});

/** Someone whose every word can be told from all others, and who only deletes their own. */
class Typist implements Disposable {
	client: StockClient;
	/** Words that are there, those that were deleted, and what the page last showed as saved. */
	there = new Set<string>();
	deleted = new Set<string>();
	saved = { there: new Set<string>(), deleted: new Set<string>() };
	#name: string;
	#typed = 0;
	#timers: NodeJS.Timeout[] = [];

	constructor(name: string, client: StockClient) {
		this.#name = name;
		this.client = client;
	}

	type(): void {
		const word = `${this.#name}${(this.#typed += 1)};`;
		this.there.add(word);
		this.client.text.insert(this.client.text.length, word);
	}

	/** Any word of theirs, so that it is rarely what was typed last. */
	delete(): void {
		const words = [...this.there];
		const word = words[Math.floor(Math.random() * words.length)];
		if (!word) return;
		this.there.delete(word);
		this.deleted.add(word);
		this.client.text.delete(this.client.text.toString().indexOf(word), word.length);
	}

	start(doing: Doing): void {
		const step = () => (doing === 'typing' ? this.type() : this.delete());
		const remember = () => {
			if (!this.client.saved) return;
			this.saved = { there: new Set(this.there), deleted: new Set(this.deleted) };
		};
		this.#timers = [setInterval(step, 5), setInterval(remember, 1)];
	}

	stop(): void {
		for (const timer of this.#timers.splice(0)) clearInterval(timer);
	}

	/** What a text lacks, or has too much, of what was shown as saved; unsaved edits may be there. */
	wrongIn(text: string): string[] {
		const { there, deleted } = this.saved;
		const wrong = [...there].filter((word) => count(text, word) !== 1 && this.there.has(word));
		wrong.push(...[...deleted].filter((word) => count(text, word) > 0));
		return [...wrong, ...[...this.there].filter((word) => count(text, word) > 1)];
	}

	[Symbol.dispose](): void {
		this.stop();
		this.client[Symbol.dispose]();
	}
}

type Doing = 'typing' | 'deleting';

const count = (text: string, word: string): number => {
	let found = 0;
	for (const each of text.split(/(?<=;)/)) if (each === word) found += 1;
	return found;
};

const KILLS = {
	sync: async () => {
		child.kill('SIGKILL');
		await once(child, 'exit');
		await startSync();
	},
	Postgres: async () => {
		process.kill(postgres.pid, 'SIGKILL');
		await postgres.ended;
		postgres = await startStore();
	},
	both: async () => {
		process.kill(postgres.pid, 'SIGKILL');
		child.kill('SIGKILL');
		await Promise.all([postgres.ended, once(child, 'exit')]);
		postgres = await startStore();
		await startSync();
	},
} as const;

/** Anna and Ben stay; Carol's browser is closed at the moment of the kill. */
async function round(
	what: keyof typeof KILLS,
	doing: Doing,
	stay: Typist[],
	room: string,
	n: number,
) {
	const carol = new Typist(`carol${n}-`, await client(room, 'carol'));
	const all = [...stay, carol];
	for (const each of all) while (each.there.size < 60) each.type();
	await until('all is saved', () => all.every(({ client }) => client.saved), 60_000);
	for (const each of all) each.start(doing);
	const before = carol.deleted.size + carol.there.size * 2;
	const now = () => carol.saved.deleted.size + carol.saved.there.size * 2;
	await until('some of it is saved', () => Math.abs(now() - before) > 8);
	await delay(Math.random() * 30);
	const killed = KILLS[what]();
	carol[Symbol.dispose]();
	await killed;
	const stored = await logged(room);
	expect(carol.wrongIn(stored)).toEqual([]);
	for (const each of stay) each.stop();
	await until('all is saved again', () => stay.every(({ client }) => client.saved), 60_000);
	const [anna, ben] = stay.map(({ client }) => client.text);
	await until('all agree', () => anna!.toString() === ben!.toString());
	const text = await logged(room);
	expect(text).toBe(anna!.toString());
	const words = text.split(/(?<=;)/).filter((word) => !word.startsWith('carol'));
	expect(words.sort()).toEqual(stay.flatMap(({ there }) => [...there]).sort());
}

/** The long run is that of `npm run soak`. */
const ROUNDS = process.env['SOAK'] === undefined ? 9 : 300;
/** A room of its own for so many rounds: words are looked for in the whole text. */
const ROUNDS_OF_A_ROOM = 12;

test(
	'kill -9 of sync, of Postgres, of both: nothing saved is lost, nothing at all in an open browser, nothing is doubled',
	async () => {
		const noise = [vi.spyOn(console, 'error'), vi.spyOn(console, 'warn')];
		const whats = Object.keys(KILLS) as (keyof typeof KILLS)[];
		for (let n = 0; n < ROUNDS;) {
			const room = await freshRoom();
			using anna = new Typist('anna', await client(room, 'anna'));
			using ben = new Typist('ben', await client(room, 'ben'));
			for (const end = Math.min(ROUNDS, n + ROUNDS_OF_A_ROOM); n < end; n += 1) {
				const doing = Math.floor(n / whats.length) % 2 === 0 ? 'typing' : 'deleting';
				await round(whats[n % whats.length]!, doing, [anna, ben], room, n);
			}
		}
		for (const spy of noise) {
			expect(spy).not.toHaveBeenCalled();
			spy.mockRestore();
		}
	},
	ROUNDS * 60_000,
);

test('with Postgres away, typing goes on as unsaved, and is stored when it is back', async () => {
	const room = await freshRoom();
	using anna = await client(room, 'anna');
	using ben = await client(room, 'ben');
	const typing = new Typist('p', anna);
	typing.start('typing');
	await until('something is saved', () => typing.saved.there.size > 10);
	process.kill(postgres.pid, 'SIGKILL');
	await postgres.ended;
	expect((await fetch(`http://127.0.0.1:${port}/ready`)).status).toBe(503);
	expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
	const before = ben.text.length;
	await until('edits still arrive', () => ben.text.length > before + 50);
	expect(anna.saved).toBe(false);
	postgres = await startStore();
	typing.stop();
	await until('saved', () => anna.saved, 20_000);
	await until('ben has it', () => ben.text.toString() === anna.text.toString());
	expect(await logged(room)).toBe(anna.text.toString());
	expect((await fetch(`http://127.0.0.1:${port}/ready`)).status).toBe(200);
}, 60_000);

test('SIGTERM saves everything and asks clients to come back; the log holds no ticket and no word', async () => {
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
	expect(log).toContain('SIGTERM');
	expect(log).not.toMatch(/ticket=|last words/);
});
