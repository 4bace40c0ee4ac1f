// For tests: what web works with. The real sync as a process, and a small server that speaks runnerd's
// protocol, so that queue, events and proxy can be tested where there is no Docker engine.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { WebSocket, WebSocketServer } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { testDatabase, type TestDatabase } from '@containrlab/db/testing.ts';
import type { RunnerEventBody } from '@containrlab/protocol/events.ts';
import { parsePreviewPath, PREVIEW_UPGRADE } from '@containrlab/protocol/preview.ts';
import { newId } from '@containrlab/protocol/id.ts';
import {
	DrainResult,
	JudgeRun,
	JudgeRunRequest,
	RestartSession,
	SandboxLimits,
	StartSession,
	type Session,
} from '@containrlab/protocol/sandbox.ts';
import { SESSION_COOKIE } from './src/server/auth.ts';
import {
	classroom,
	SERVICE_TOKEN,
	startWeb,
	ticketKeys,
	type Browser,
	type Classroom,
	type TestKeys,
	type TestWeb,
} from './testing.ts';

/** A class on the real web, sync and Postgres; runnerd is stood in for. */
export interface TestServices extends AsyncDisposable {
	database: TestDatabase;
	room: Classroom;
	keys: TestKeys;
	sync: TestSync;
	runnerd: StandInRunnerd;
	runnerdUrl: string;
	web: TestWeb;
}

export async function startServices(): Promise<TestServices> {
	await using starting = new AsyncDisposableStack();
	const database = starting.use(await testDatabase());
	const room = await classroom(database.connection.db);
	const keys = ticketKeys();
	const sync = starting.use(await startSync(database.url, keys));
	const runnerd = starting.use(new StandInRunnerd());
	const runnerdUrl = await runnerd.listen();
	const urls = { databaseUrl: database.url, syncUrl: sync.url, runnerdUrl };
	const web = starting.use(await startWeb({ ...urls, keys }));
	const started = starting.move();
	return {
		...{ database, room, keys, sync, runnerd, runnerdUrl, web },
		[Symbol.asyncDispose]: () => started.disposeAsync(),
	};
}

/** A page that holds a document open, with a stock client. */
export function openDocument(browser: Browser, workspace: string) {
	const { origin, cookie } = browser;
	class WithCookie extends WebSocket {
		constructor(url: string) {
			super(url, { headers: { origin, cookie: `${SESSION_COOKIE}=${cookie}` } });
		}
	}
	const doc = new Y.Doc();
	const provider = new WebsocketProvider(
		`${origin.replace('http', 'ws')}/sync`,
		`workspace:${workspace}`,
		doc,
		{ WebSocketPolyfill: WithCookie as never, disableBc: true },
	);
	return {
		doc,
		provider,
		[Symbol.dispose]: () => {
			provider.destroy();
			doc.destroy();
		},
	};
}

export interface TestSync extends AsyncDisposable {
	url: string;
}

export async function startSync(databaseUrl: string, keys: TestKeys): Promise<TestSync> {
	const dir = mkdtempSync(join(tmpdir(), 'containrlab-sync-'));
	const key = join(dir, 'key.pem');
	const token = join(dir, 'token');
	writeFileSync(key, keys.publicKey);
	writeFileSync(token, SERVICE_TOKEN);
	const main = fileURLToPath(new URL('../sync/main.ts', import.meta.url));
	const child = spawn(process.execPath, [main], {
		env: {
			PATH: process.env['PATH'],
			SYNC_LISTEN: '127.0.0.1:0',
			DATABASE_URL: databaseUrl,
			TICKET_PUBLIC_KEY_FILE: key,
			SYNC_TOKEN_FILE: token,
			EXIT_WITH_PARENT: '1',
		},
		stdio: ['pipe', 'pipe', 'inherit'],
	});
	const exited = once(child, 'exit');
	const failed = exited.then(() => Promise.reject(new Error('sync ended before it was ready')));
	failed.catch(() => {});
	const lines = createInterface({ input: child.stdout });
	const [line] = (await Promise.race([once(lines, 'line'), failed])) as [string];
	return {
		url: line.replace(/^ready /, ''),
		[Symbol.asyncDispose]: async () => {
			child.stdin.end();
			await exited;
			rmSync(dir, { recursive: true });
		},
	};
}

type Handler = (request: IncomingMessage, response: ServerResponse, path: string[]) => unknown;

/** What runnerd promises to web, without sandboxes: sessions, blobs, runs and events. */
export class StandInRunnerd implements AsyncDisposable {
	readonly sessions = new Map<string, Session>();
	readonly blobs = new Map<string, Uint8Array>();
	/** Restarts that were asked for; true: on a fresh volume. */
	readonly restarts: boolean[] = [];
	/** What sandboxes may use, as it was said: at starts, and of classes. */
	readonly limits = new Map<string, SandboxLimits>();
	/** Drains that were asked for. */
	drains = 0;
	/** What a drain answers beside the text. */
	drained: DrainResult = { drained: true, files: [], left: [] };
	readonly runs = new Map<string, JudgeRun>();
	/** Every `PUT` of a run, in order: `<attempt>/<try>`. */
	readonly puts: { key: string; request: JudgeRunRequest }[] = [];
	readonly acknowledged: string[] = [];
	/** What a new run answers. */
	judge: (request: JudgeRunRequest, key: string) => JudgeRun = () => ({
		status: 'running',
		phase: 'prepare',
	});
	/** Listed as listening, whatever the workspace. */
	ports: number[] = [];
	/** Request heads that asked for a way to an app; it is a server of this machine. */
	readonly previewRequests: IncomingMessage[] = [];
	/** Request heads that asked for a terminal. */
	readonly terminalRequests: IncomingMessage[] = [];
	launch = newId();
	#events: RunnerEventBody[] = [];
	readonly #readers = new Set<ServerResponse>();
	readonly #server = createServer((request, response) => void this.#answer(request, response));
	readonly #sockets = new WebSocketServer({ noServer: true });

	async listen(port = 0): Promise<string> {
		this.#server.on('upgrade', (request, socket, head) => {
			const place = parsePreviewPath(request.url);
			if (place) return this.#preview(place.port, request, socket, head);
			this.terminalRequests.push(request);
			this.#sockets.handleUpgrade(request, socket, head, (ws) => {
				ws.on('message', (data, isBinary) => ws.send(data as Buffer, { binary: isBinary }));
			});
		});
		this.#server.listen(port, '127.0.0.1');
		await once(this.#server, 'listening');
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	emit(event: RunnerEventBody): void {
		this.#events.push(event);
		const seq = this.#events.length;
		for (const reader of this.#readers) write(reader, { line: 'event', seq, at: 0, event });
	}

	/** As a new process would: another launch, and nothing remembered of events. */
	relaunch(): void {
		this.launch = newId();
		this.#events = [];
		for (const reader of this.#readers) reader.destroy();
	}

	finish(key: string, run: JudgeRun): void {
		this.runs.set(key, run);
		const [attempt = '', number = ''] = key.split('/');
		this.emit({ type: 'judge-done', attempt, try: Number(number) });
	}

	async [Symbol.asyncDispose](): Promise<void> {
		for (const socket of this.#sockets.clients) socket.terminate();
		this.#server.closeAllConnections();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		if (request.headers.authorization !== `Bearer ${SERVICE_TOKEN}`) {
			return refuse(response, 401, 'unauthorized');
		}
		const [first = '', ...path] = new URL(request.url ?? '', 'http://x').pathname
			.slice(1)
			.split('/');
		const routes: Record<string, Handler> = {
			sessions: (...args) => this.#session(...args),
			'class-limits': (...args) => this.#limit(...args),
			'judge-runs': (...args) => this.#run(...args),
			events: (request, response) => this.#stream(request, response),
		};
		const route = routes[first];
		if (!route) return refuse(response, 404, 'unknown');
		await route(request, response, path);
	}

	async #limit(request: IncomingMessage, response: ServerResponse, [classId = '']: string[]) {
		this.limits.set(classId, SandboxLimits.parse(JSON.parse(await text(request))));
		response.writeHead(204).end();
	}

	async #session(request: IncomingMessage, response: ServerResponse, path: string[]) {
		const [workspace, verb, sha = ''] = path;
		if (workspace === undefined && request.method === 'GET') {
			return answer(response, 200, [...this.sessions.values()]);
		}
		if (workspace === undefined) {
			const start = StartSession.parse(JSON.parse(await text(request)));
			const state = { status: 'starting', at: Date.now(), phase: 'creating' } as const;
			const session = this.sessions.get(start.workspace) ?? {
				...{ workspace: start.workspace, driver: start.driver, state },
			};
			this.sessions.set(start.workspace, session);
			this.limits.set(start.workspace, start.limits);
			return answer(response, 200, session);
		}
		if (verb === 'restart') {
			const { fresh, driver } = RestartSession.parse(JSON.parse(await text(request)));
			this.restarts.push(fresh);
			const state = {
				...({ status: 'stopping', at: Date.now() } as const),
				reason: fresh ? ('replaced' as const) : ('restarted' as const),
			};
			this.sessions.set(workspace, { workspace, driver, state });
		}
		const session = this.sessions.get(workspace);
		if (!session) return refuse(response, 404, 'unknown-session');
		if (verb === 'ports') return answer(response, 200, { ports: this.ports });
		if (verb === 'drain') {
			this.drains += 1;
			return answer(response, 200, this.drained);
		}
		if (verb === 'blobs' && request.method === 'PUT') {
			const chunks: Buffer[] = [];
			for await (const chunk of request) chunks.push(chunk as Buffer);
			this.blobs.set(sha, Buffer.concat(chunks));
			return response.writeHead(204).end();
		}
		if (verb === 'blobs') {
			const bytes = this.blobs.get(sha);
			return bytes ? response.end(bytes) : refuse(response, 404, 'unknown-blob');
		}
		if (request.method === 'DELETE') {
			this.sessions.delete(workspace);
			return response.writeHead(204).end();
		}
		return answer(response, 200, session);
	}

	async #run(request: IncomingMessage, response: ServerResponse, path: string[]) {
		const key = path.join('/');
		if (request.method === 'DELETE') {
			this.acknowledged.push(key);
			this.runs.delete(key);
			return response.writeHead(204).end();
		}
		if (request.method === 'PUT') {
			const body = JudgeRunRequest.parse(JSON.parse(await text(request)));
			this.puts.push({ key, request: body });
			if (!this.runs.has(key)) this.runs.set(key, this.judge(body, key));
		}
		const run = this.runs.get(key);
		return run ? answer(response, 200, run) : refuse(response, 404, 'unknown-run');
	}

	#preview(port: number, request: IncomingMessage, socket: Duplex, head: Buffer): void {
		this.previewRequests.push(request);
		const app = connect(port, '127.0.0.1');
		app.on('error', () => {
			const body = JSON.stringify({ error: { code: 'nobody-listens', message: '' } });
			socket.end(
				`HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
			);
		});
		app.once('connect', () => {
			socket.write(
				`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${PREVIEW_UPGRADE}\r\n\r\n`,
			);
			app.write(head);
			app.pipe(socket).pipe(app);
			app.on('close', () => socket.destroy());
			socket.on('error', () => {}).on('close', () => app.destroy());
		});
	}

	#stream(request: IncomingMessage, response: ServerResponse): void {
		const query = new URL(request.url ?? '', 'http://x').searchParams;
		const continues = query.get('launch') === this.launch;
		const from = continues ? Number(query.get('after')) + 1 : 1;
		const sessions = [...this.sessions.values()].map(({ workspace, state }) => ({
			...{ workspace, state },
		}));
		response.writeHead(200, { 'content-type': 'application/x-ndjson' });
		write(response, { line: 'hello', launch: this.launch, from, sessions });
		this.#events.slice(from - 1).forEach((event, index) => {
			write(response, { line: 'event', seq: from + index, at: 0, event });
		});
		this.#readers.add(response);
		response.on('close', () => this.#readers.delete(response));
	}
}

const write = (response: ServerResponse, line: unknown) =>
	response.write(`${JSON.stringify(line)}\n`);

function answer(response: ServerResponse, status: number, body: unknown): void {
	response.writeHead(status, { 'content-type': 'application/json' });
	response.end(JSON.stringify(body));
}

const refuse = (response: ServerResponse, status: number, code: string): void =>
	answer(response, status, { error: { code, message: code } });
