// What a benchmark of sync needs: a directory, a Postgres that keeps what it was given, tickets.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect, migrateToLatest, type Connection } from '@containrlab/db/connect.ts';
import { newId, workspaceRoom } from '@containrlab/protocol/id.ts';
import { signTicket } from '@containrlab/protocol/ticket.ts';
import { ROOT } from '../../setup/data-dir.ts';

export class World implements AsyncDisposable {
	readonly dir: string;
	readonly databaseUrl: string;
	/** Of the postmaster; its backends are its children. */
	readonly postgres: number;
	readonly connection: Connection;
	#guard: ChildProcess;
	#keys: CryptoKeyPair;

	private constructor(options: {
		dir: string;
		databaseUrl: string;
		postgres: number;
		guard: ChildProcess;
		keys: CryptoKeyPair;
	}) {
		this.dir = options.dir;
		this.databaseUrl = options.databaseUrl;
		this.postgres = options.postgres;
		this.connection = connect(options.databaseUrl, { max: 2 });
		this.#guard = options.guard;
		this.#keys = options.keys;
	}

	static async create(): Promise<World> {
		const dir = await mkdtemp(join(tmpdir(), 'containrlab-bench-'));
		const keys = (await crypto.subtle.generateKey('Ed25519', true, [
			'sign',
			'verify',
		])) as CryptoKeyPair;
		const der = Buffer.from(await crypto.subtle.exportKey('spki', keys.publicKey));
		await writeFile(
			join(dir, 'public.pem'),
			`-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`,
		);
		await writeFile(join(dir, 'token'), newId());
		const password = newId();
		await writeFile(join(dir, 'password'), password, { mode: 0o600 });
		const guard = spawnGuard(dir);
		const [line] = (await once(createInterface({ input: guard.stdout! }), 'line')) as [string];
		const [, address, pid] = /^ready (\S+) pid (\d+)/.exec(line) ?? [];
		const databaseUrl = `postgres://postgres:${password}@${address}/containrlab`;
		await migrateToLatest(databaseUrl);
		return new World({ dir, databaseUrl, postgres: Number(pid), guard, keys });
	}

	/** A directory that nobody else has. */
	async fresh(): Promise<string> {
		const dir = join(this.dir, newId(8));
		await mkdir(dir);
		return dir;
	}

	/** Rooms of ours, as web makes them; `starter` is their first row. */
	async rooms(count: number, starter?: Uint8Array): Promise<string[]> {
		const { sql } = this.connection;
		const rooms = Array.from({ length: count }, () => workspaceRoom(newId()));
		await sql`insert into doc_rooms (room, last_seq)
			select room, ${starter ? 1 : 0} from unnest(${rooms}::text[]) as r(room)`;
		if (starter) {
			await sql`insert into doc_updates (room, seq, epoch, user_id, bytes)
				select room, 1, 0, 'system', ${starter}::bytea from unnest(${rooms}::text[]) as r(room)`;
		}
		return rooms;
	}

	/** A ticket that outlives the benchmark. */
	ticket(room: string, user: string): Promise<string> {
		const now = Math.floor(Date.now() / 1000);
		return signTicket(this.#keys.privateKey, {
			aud: 'sync',
			user: { id: user, name: user, role: 'student' },
			resource: room,
			access: 'write',
			iat: now,
			exp: now + 3600,
			jti: newId(),
		});
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.connection[Symbol.asyncDispose]();
		this.#guard.stdin!.end();
		if (this.#guard.exitCode === null) await once(this.#guard, 'exit');
		await rm(this.dir, { recursive: true, force: true });
	}
}

/** Ends Postgres, and removes its files, even when we are killed. */
function spawnGuard(dir: string): ChildProcess {
	return spawn(process.execPath, [join(ROOT, 'db', 'embedded-main.ts')], {
		env: {
			...process.env,
			POSTGRES_DIR: join(dir, 'postgres'),
			POSTGRES_PASSWORD_FILE: join(dir, 'password'),
			POSTGRES_DURABLE: '1',
			POSTGRES_TEMPORARY: '1',
			EXIT_WITH_PARENT: '1',
		},
		stdio: ['pipe', 'pipe', 'ignore'],
		detached: true,
	});
}
