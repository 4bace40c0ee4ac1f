// For tests: the real web server on a free port, and people who use it.

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Database } from '@containrlab/db/connect.ts';
import { addMember, createClass, type Class } from '@containrlab/db/queries/classes.ts';
import { insertUser, type User } from '@containrlab/db/queries/users.ts';
import type { Role } from '@containrlab/protocol/ticket.ts';
import { SESSION_COOKIE } from './src/server/auth.ts';
import { hashPassword } from './src/server/password.ts';

export const PASSWORD = 'correct horse battery';
export const LAB = '01-first-dockerfile';
export const SERVICE_TOKEN = 'a-service-token-for-tests';

export interface TestWeb extends AsyncDisposable {
	url: string;
	/** The port alone: names like localhost reach it too. */
	port: number;
	/** What it logged so far. */
	log: () => string;
	child: ChildProcess;
}

export interface TestWebOptions {
	databaseUrl: string;
	/** Nobody listens at the default. */
	syncUrl?: string;
	runnerdUrl?: string;
	origin?: string;
	/** More of what main.ts is told. */
	env?: Record<string, string>;
	keys?: TestKeys;
}

/** PEM: what web signs tickets with, and what the others verify them with. */
export interface TestKeys {
	privateKey: string;
	publicKey: string;
}

export function ticketKeys(): TestKeys {
	const { privateKey, publicKey } = generateKeyPairSync('ed25519');
	return {
		privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
		publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
	};
}

/** Polls until `condition` holds; says what was awaited when it never does. */
export async function until<T>(
	what: string,
	condition: () => T | undefined | false | Promise<T | undefined | false>,
	ms = 15_000,
): Promise<T> {
	const deadline = Date.now() + ms;
	for (;;) {
		const value = await condition();
		if (value !== undefined && value !== false) return value;
		if (Date.now() > deadline) throw new Error(`waited ${ms} ms in vain: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

const NOBODY = 'http://127.0.0.1:9';
/** For hooks that start a web server: the first may have to build the pages. */
export const BUILD_MS = 300_000;

/** By the product's own build step, which builds once for all who ask; here once per test file. */
let built: Promise<void> | undefined;
const ensureBuilt = (): Promise<void> => (built ??= build());

async function build(): Promise<void> {
	const step = new URL('../ops/setup/web-build.ts', import.meta.url).href;
	const script = 'const { buildWeb } = await import(process.argv[1]); await buildWeb();';
	await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, step]);
}

export async function startWeb(options: TestWebOptions): Promise<TestWeb> {
	await ensureBuilt();
	const dir = mkdtempSync(join(tmpdir(), 'containrlab-web-'));
	const keys = options.keys ?? ticketKeys();
	const file = (name: string, content: string) => {
		const path = join(dir, name);
		writeFileSync(path, content, { mode: 0o600 });
		return path;
	};
	const token = file('token', SERVICE_TOKEN);
	const child = spawn(process.execPath, [fileURLToPath(new URL('./main.ts', import.meta.url))], {
		env: {
			PATH: process.env['PATH'],
			WEB_LISTEN: '127.0.0.1:0',
			DATABASE_URL: options.databaseUrl,
			SYNC_URL: options.syncUrl ?? NOBODY,
			SYNC_TOKEN_FILE: token,
			RUNNERD_URL: options.runnerdUrl ?? NOBODY,
			RUNNERD_TOKEN_FILE: token,
			TICKET_PRIVATE_KEY_FILE: file('key', keys.privateKey),
			EXIT_WITH_PARENT: '1',
			...(options.origin && { WEB_ORIGIN: options.origin }),
			...options.env,
		},
		stdio: ['pipe', 'pipe', 'pipe'],
	});
	let log = '';
	child.stderr.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-20_000)));
	const exited = once(child, 'exit');
	const failed = exited.then(() => Promise.reject(new Error(`web ended:\n${log}`)));
	failed.catch(() => {});
	const lines = createInterface({ input: child.stdout });
	const [line] = (await Promise.race([once(lines, 'line'), failed])) as [string];
	const url = line.replace(/^ready /, '');
	return {
		url,
		port: Number(new URL(url).port),
		log: () => log,
		child,
		[Symbol.asyncDispose]: async () => {
			child.stdin.end();
			await exited;
			// Who killed it to start another may have cleared away before.
			rmSync(dir, { recursive: true, force: true });
		},
	};
}

/** One browser: keeps its cookies, names its origin, follows no redirect. */
export class Browser {
	readonly origin: string;
	/** By name; their paths don't matter here. */
	readonly cookies = new Map<string, string>();

	constructor(origin: string) {
		this.origin = origin;
	}

	/** The session's. */
	get cookie(): string | undefined {
		return this.cookies.get(SESSION_COOKIE);
	}

	set cookie(value: string | undefined) {
		this.#keep(SESSION_COOKIE, value);
	}

	#keep(name: string, value: string | undefined): void {
		if (value) this.cookies.set(name, value);
		else this.cookies.delete(name);
	}

	async get(path: string, headers: Record<string, string> = {}): Promise<Response> {
		return this.send(path, { headers: { accept: 'text/html', ...headers } });
	}

	async post(path: string, form: Record<string, string> = {}): Promise<Response> {
		// A page's form; SvelteKit answers scripts that accept JSON otherwise.
		return this.send(path, {
			method: 'POST',
			body: new URLSearchParams(form),
			headers: { accept: 'text/html' },
		});
	}

	async send(path: string, init: RequestInit = {}): Promise<Response> {
		const headers = new Headers(init.headers);
		if (!headers.has('origin')) headers.set('origin', this.origin);
		const cookies = Array.from(this.cookies, ([name, value]) => `${name}=${value}`);
		if (cookies.length > 0) headers.set('cookie', cookies.join('; '));
		const response = await fetch(new URL(path, this.origin), {
			...init,
			headers,
			redirect: 'manual',
		});
		for (const set of response.headers.getSetCookie()) {
			const [pair = ''] = set.split(';');
			const [name = '', value] = pair.split('=');
			this.#keep(name, value);
		}
		return response;
	}

	async signIn(email: string): Promise<this> {
		const response = await this.post('/signin', { email, password: PASSWORD });
		if (response.status !== 303) throw new Error(`sign-in answered ${response.status}`);
		return this;
	}

	/** The id of one's workspace for the lab, which is made if there is none. */
	async openLab(classId: string): Promise<string> {
		const opened = await this.get(`/classes/${classId}/labs/${LAB}`);
		return opened.headers.get('location')!.slice('/w/'.length);
	}
}

export interface Classroom {
	class: Class;
	people: Record<'instructor' | 'ta' | 'student' | 'other' | 'outsider', User & { email: string }>;
}

/** A class with staff and two students, and someone who isn't in it. */
export async function classroom(db: Database): Promise<Classroom> {
	const created = await createClass(db, { name: 'Docker 101', labs: [LAB] });
	const passwordHash = await hashPassword(PASSWORD);
	const person = async (name: string, role?: Role) => {
		const email = `${name.toLowerCase()}@example.org`;
		const user = await insertUser(db, { name, login: { email, passwordHash } });
		if (!user) throw new Error(`${email} is taken`);
		if (role) await addMember(db, { classId: created.id, userId: user.id, role });
		return { ...user, email };
	};
	return {
		class: created,
		people: {
			instructor: await person('Iris', 'instructor'),
			ta: await person('Tom', 'ta'),
			student: await person('Ada', 'student'),
			other: await person('Bob', 'student'),
			outsider: await person('Eve'),
		},
	};
}
