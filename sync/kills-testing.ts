// Services of their own to kill while people type, and whether anything that those did is lost, or there
// twice: for the tests, and for the benchmark that does it long enough to be believed.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as Y from 'yjs';
import { connect, migrateToLatest } from '@containrlab/db/connect.ts';
import { readRows, unpackUpdates } from '@containrlab/db/doc-log.ts';
import { freePort, startPostgres, type EmbeddedPostgres } from '@containrlab/db/embedded.ts';
import type { StockClient } from './testing.ts';
import { createRoom, pemOf, stockClient, ticketFor, ticketKeys, TOKEN, until } from './testing.ts';

export const VICTIMS = ['sync', 'Postgres', 'both'] as const;
export type Victim = (typeof VICTIMS)[number];

/** sync and its Postgres, which come back at the same addresses. */
export class Services implements AsyncDisposable {
	/** What sync wrote. */
	log = '';
	sync: ChildProcess | undefined;
	#dir: string;
	#keys: CryptoKeyPair;
	#port: number;
	#postgresPort: number;
	#postgres: EmbeddedPostgres | undefined;

	private constructor(options: {
		dir: string;
		keys: CryptoKeyPair;
		port: number;
		postgresPort: number;
	}) {
		this.#dir = options.dir;
		this.#keys = options.keys;
		this.#port = options.port;
		this.#postgresPort = options.postgresPort;
	}

	static async start(): Promise<Services> {
		const dir = await mkdtemp(join(tmpdir(), 'containrlab-sync-'));
		const keys = await ticketKeys();
		await writeFile(join(dir, 'public.pem'), await pemOf(keys.publicKey));
		await writeFile(join(dir, 'token'), TOKEN);
		const [port, postgresPort] = [await freePort(), await freePort()];
		const services = new Services({ dir, keys, port, postgresPort });
		await services.startPostgres();
		await migrateToLatest(services.#databaseUrl);
		await services.startSync();
		return services;
	}

	get url(): string {
		return `http://127.0.0.1:${this.#port}`;
	}

	get #databaseUrl(): string {
		return this.#postgres!.url('postgres');
	}

	async startPostgres(): Promise<void> {
		const [dir, port] = [join(this.#dir, 'postgres'), this.#postgresPort];
		this.#postgres = await startPostgres({ dir, password: 'secret', port });
	}

	async startSync(): Promise<void> {
		const sync = spawn(process.execPath, [fileURLToPath(new URL('./main.ts', import.meta.url))], {
			env: {
				PATH: process.env['PATH'],
				SYNC_LISTEN: `127.0.0.1:${this.#port}`,
				DATABASE_URL: this.#databaseUrl,
				TICKET_PUBLIC_KEY_FILE: join(this.#dir, 'public.pem'),
				SYNC_TOKEN_FILE: join(this.#dir, 'token'),
				EXIT_WITH_PARENT: '1',
			},
			stdio: ['pipe', 'pipe', 'pipe'],
		});
		this.sync = sync;
		sync.stderr.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
		const [line] = (await once(createInterface({ input: sync.stdout }), 'line')) as [string];
		if (line !== `ready ${this.url}`) throw new Error(`sync says ${line}`);
	}

	async killPostgres(): Promise<void> {
		process.kill(this.#postgres!.pid, 'SIGKILL');
		await this.#postgres!.ended;
	}

	/** … and starts it again. */
	async kill(what: Victim): Promise<void> {
		const dead: Promise<unknown>[] = [];
		if (what !== 'sync') dead.push(this.killPostgres());
		if (what !== 'Postgres') {
			this.sync!.kill('SIGKILL');
			dead.push(once(this.sync!, 'exit'));
		}
		await Promise.all(dead);
		if (what !== 'sync') await this.startPostgres();
		if (what !== 'Postgres') await this.startSync();
	}

	async room(): Promise<string> {
		await using connection = connect(this.#databaseUrl, { max: 1 });
		return await createRoom(connection.sql);
	}

	/** The text as the log alone gives it. */
	async logged(room: string): Promise<string> {
		await using connection = connect(this.#databaseUrl, { max: 1 });
		const doc = new Y.Doc();
		for (const row of await readRows(connection.sql, room, 0)) {
			for (const part of unpackUpdates(row.parts, row.bytes) ?? []) Y.applyUpdate(doc, part);
		}
		return doc.getText('text').toString();
	}

	client(room: string, id: string): Promise<StockClient> {
		return stockClient({
			url: this.url,
			ticket: ticketFor(room, {
				user: { id, name: id, role: 'student' },
				// As long as it takes: web would put a fresh one on each reconnect.
				exp: Math.floor(Date.now() / 1000) + 24 * 3600,
			}),
			privateKey: this.#keys.privateKey,
		});
	}

	async [Symbol.asyncDispose](): Promise<void> {
		if (this.sync?.exitCode === null && this.sync.signalCode === null) {
			this.sync.kill('SIGTERM');
			await once(this.sync, 'exit');
		}
		await this.#postgres?.stop();
		await rm(this.#dir, { recursive: true, force: true });
	}
}

export type Doing = 'typing' | 'deleting';

/** Someone whose every word can be told from all others, and who only deletes their own. */
export class Typist implements Disposable {
	client: StockClient;
	/** Words that are there, and those that were deleted. */
	there = new Set<string>();
	deleted = new Set<string>();
	/** What was done, by the document frame that told of it; the first one after a reconnect tells of all. */
	readonly acts: { word: string; deletes: boolean; frame: number }[] = [];
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
		this.#act(word, false, () => this.client.text.insert(this.client.text.length, word));
	}

	/** Any word of theirs, so that it is rarely what was typed last. */
	delete(): void {
		const words = [...this.there];
		const word = words[Math.floor(Math.random() * words.length)];
		if (!word) return;
		this.there.delete(word);
		this.deleted.add(word);
		const at = this.client.text.toString().indexOf(word);
		this.#act(word, true, () => this.client.text.delete(at, word.length));
	}

	#act(word: string, deletes: boolean, edit: () => void): void {
		const { sent } = this.client;
		edit();
		const frame = this.client.sent > sent ? this.client.sent : Number.POSITIVE_INFINITY;
		this.acts.push({ word, deletes, frame });
	}

	/** What they were told is durable. */
	get saved(): { word: string; deletes: boolean }[] {
		return this.acts.filter(({ frame }) => frame <= this.client.durable);
	}

	start(doing: Doing): void {
		const step = () => (doing === 'typing' ? this.type() : this.delete());
		this.#timers = [setInterval(step, 5)];
	}

	stop(): void {
		for (const timer of this.#timers.splice(0)) clearInterval(timer);
	}

	/** Of `acts`, what a text lacks or still has; other edits may be there or not. */
	wrongIn(text: string, acts = this.saved): Wrong {
		const has = counts(text);
		const isLost = ({ word, deletes }: { word: string; deletes: boolean }) =>
			deletes ? has.has(word) : !has.has(word) && this.there.has(word);
		return {
			lost: acts.filter(isLost).map(({ word }) => word),
			doubled: [...this.there].filter((word) => (has.get(word) ?? 0) > 1),
		};
	}

	[Symbol.dispose](): void {
		this.stop();
		this.client[Symbol.dispose]();
	}
}

/** Words, and deletions of words. */
export interface Wrong {
	lost: string[];
	doubled: string[];
}

function counts(text: string): Map<string, number> {
	const found = new Map<string, number>();
	for (const word of text.split(/(?<=;)/)) found.set(word, (found.get(word) ?? 0) + 1);
	return found;
}

/** A room of its own for so many rounds: words are looked for in the whole text. */
const ROUNDS_OF_A_ROOM = 12;

/** So many kills, of each in turn, under typing and under deleting. */
export async function killUnderTyping(
	services: Services,
	rounds: number,
	onRound: (wrong: Wrong) => void,
): Promise<void> {
	for (let n = 0; n < rounds;) {
		const room = await services.room();
		using anna = new Typist('anna', await services.client(room, 'anna'));
		using ben = new Typist('ben', await services.client(room, 'ben'));
		for (const end = Math.min(rounds, n + ROUNDS_OF_A_ROOM); n < end; n += 1) {
			const doing = Math.floor(n / VICTIMS.length) % 2 === 0 ? 'typing' : 'deleting';
			using carol = new Typist(`carol${n}-`, await services.client(room, 'carol'));
			const victim = VICTIMS[n % VICTIMS.length]!;
			onRound(await killOnce(services, { room, victim, doing, stay: [anna, ben], carol }));
		}
	}
}

/** Those who stay lose nothing at all; Carol's browser is closed at the moment of the kill. */
async function killOnce(
	services: Services,
	scene: { room: string; victim: Victim; doing: Doing; stay: Typist[]; carol: Typist },
): Promise<Wrong> {
	const { room, victim, doing, stay, carol } = scene;
	const all = [...stay, carol];
	for (const each of all) while (each.there.size < 60) each.type();
	await until('all is saved', () => all.every(({ client }) => client.saved), 60_000);
	for (const each of all) each.start(doing);
	const before = carol.saved.length;
	await until('some of it is saved', () => carol.saved.length > before + 8, 60_000);
	await delay(Math.random() * 30);
	const killed = services.kill(victim);
	carol[Symbol.dispose]();
	await killed;
	const wrong = carol.wrongIn(await services.logged(room));
	for (const each of stay) each.stop();
	await until('all is saved again', () => stay.every(({ client }) => client.saved), 60_000);
	const [text = '', ...others] = stay.map(({ client }) => client.text);
	await until('all agree', () => others.every((other) => `${other}` === `${text}`), 60_000);
	const stored = await services.logged(room);
	if (stored !== `${text}`) throw new Error('the log holds another text than the browsers');
	for (const each of stay) {
		const { lost, doubled } = each.wrongIn(stored, each.acts);
		wrong.lost.push(...lost);
		wrong.doubled.push(...doubled);
	}
	return wrong;
}
