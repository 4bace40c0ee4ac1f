// runnerd's HTTP API, for the service credential alone; docs/contracts.md lists the routes.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { Id } from '@containrlab/protocol/id.ts';
import { FILE_LIMITS } from '@containrlab/protocol/path.ts';
import { PreflightRequest } from '@containrlab/protocol/preflight.ts';
import type { PortsAnswer } from '@containrlab/protocol/preview.ts';
import {
	BuildRequest,
	ClassesInSession,
	ExecRequest,
	RestartSession,
	RunRequest,
	SandboxLimits,
	StartSession,
	type Session,
} from '@containrlab/protocol/sandbox.ts';
import { Refusal, hasBearer, parse, readBody, readJson, sendJson, sendRefusal } from './http.ts';
import type { Engine } from '../engine/engine.ts';
import type { EventLog } from './events.ts';
import { FlushUnavailable } from '../flush/flush.ts';
import type { JudgeRuns } from '../judge-runs/runs.ts';
import { JUDGE_RUN_BODY, answerJudgeRun } from '../judge-runs/routes.ts';
import type { Log } from '../log.ts';
import type { Preflights } from '../preflight/preflights.ts';
import { SandboxError, type SandboxHandle } from '../sandboxes/handle.ts';
import type { Sandboxes } from '../sandboxes/sandboxes.ts';
import { isPreviewPath, type PreviewDoor } from '../preview/door.ts';
import { isTerminalPath, type TerminalDoor } from '../terminals/upgrade.ts';
import type { WorkspaceHost } from '../sessions/workspace-host.ts';

/** Bytes of a JSON body; the largest is a StartSession. */
const JSON_BODY = 64 * 1024;
const BUILD_MS = 600_000;
const DOCKER_MS = 60_000;

const ContainerName = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/);
const StopRequest = z.object({ container: ContainerName });
const Sha = z.string().regex(/^[0-9a-f]{64}$/);
const After = z.object({
	launch: z.string().default(''),
	after: z.coerce.number().int().nonnegative().default(0),
});

export type ApiOptions = {
	token: string;
	engine: Engine;
	/** The sandbox image's name. */
	image: string;
	sandboxes: Sandboxes<WorkspaceHost>;
	events: EventLog;
	judges: JudgeRuns;
	preflights: Preflights;
	terminals: TerminalDoor;
	previews: PreviewDoor;
	log: Log;
};

/** One request on its way to a route. */
type Call = {
	request: IncomingMessage;
	response: ServerResponse;
	method: string;
	path: string[];
	query: URLSearchParams;
	/** Aborted when the caller goes away. */
	signal: AbortSignal;
};

export class Api {
	readonly server: Server;
	#options: ApiOptions;

	constructor(options: ApiOptions) {
		this.#options = options;
		this.server = createServer((request, response) => void this.#answer(request, response));
		this.server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
	}

	#upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
		// A client that goes before it is answered must not end us.
		socket.on('error', () => socket.destroy());
		const { terminals, previews } = this.#options;
		if (isTerminalPath(request.url)) void terminals.accept(request, socket, head);
		else if (isPreviewPath(request.url)) void previews.accept(request, socket, head);
		else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
	}

	async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const url = URL.parse(request.url ?? '/', 'http://runnerd');
		if (!url) return sendRefusal(response, notFound());
		const away = new AbortController();
		response.on('close', () => {
			if (!response.writableFinished) away.abort(new Error('the caller went away'));
		});
		try {
			await this.#route({
				request,
				response,
				method: request.method ?? 'GET',
				path: url.pathname.split('/').slice(1),
				query: url.searchParams,
				signal: away.signal,
			});
		} catch (error) {
			if (away.signal.aborted) return;
			const refusal = asRefusal(error);
			if (refusal.status >= 500) {
				this.#options.log.error('a request failed', { path: url.pathname, cause: error });
			}
			sendRefusal(response, refusal);
		}
	}

	async #route(call: Call): Promise<void> {
		const { request, response, method, path } = call;
		const [first, workspace, verb, sha] = path;
		if (first === 'health' && path.length === 1) return this.#health(response);
		if (!hasBearer(request, this.#options.token)) {
			throw new Refusal(401, 'unauthorized', 'the service credential is missing or wrong');
		}
		if (first === 'events' && method === 'GET') return this.#events(call);
		if (first === 'judge-runs') return this.#judgeRun(call);
		if (first === 'preflights' && path.length === 2) return this.#preflight(call);
		if (first === 'in-session' && path.length === 1) return this.#inSession(call);
		if (first === 'class-limits' && path.length === 2) return this.#classLimits(call);
		if (first !== 'sessions') throw notFound();
		if (workspace === undefined) return this.#sessions(call);
		parse(Id, workspace);
		if (verb === undefined) return this.#session(call, workspace);
		if (verb === 'blobs' && path.length === 4) {
			return this.#blob(call, workspace, parse(Sha, sha));
		}
		if (verb === 'ports' && path.length === 3 && method === 'GET') {
			const ports = await this.#host(workspace).preview.look();
			return sendJson(response, 200, { ports: [...ports] } satisfies PortsAnswer);
		}
		if (path.length > 3 || method !== 'POST') throw notFound();
		if (verb === 'extend') {
			this.#options.sandboxes.extend(workspace);
			return sendJson(response, 200, this.#view(workspace));
		}
		if (verb === 'restart') return this.#restart(call, workspace);
		if (verb === 'drain') return this.#drain(call, workspace);
		return this.#docker(call, workspace, verb);
	}

	async #health(response: ServerResponse): Promise<void> {
		const { engine, image, sandboxes } = this.#options;
		const facts = await engine.imageId(image).then(
			(id) => ({ engine: true, image: id !== undefined }),
			() => ({ engine: false, image: false }),
		);
		sendJson(response, facts.engine && facts.image ? 200 : 503, { ...facts, ...sandboxes.counts });
	}

	#events({ query, response }: Call): void {
		const { events, sandboxes } = this.#options;
		const { launch, after } = parse(After, Object.fromEntries(query));
		const sessions = sandboxes.list().map(({ workspace, state }) => ({ workspace, state }));
		events.stream(response, launch, after, sessions);
	}

	async #judgeRun({ request, response, method, path }: Call): Promise<void> {
		if (path.length !== 3) throw notFound();
		const answer = await answerJudgeRun(
			this.#options.judges,
			method,
			{ attempt: path[1]!, try: path[2]! },
			() => readJson(request, JUDGE_RUN_BODY),
		);
		if (answer.body === undefined) response.writeHead(answer.status).end();
		else sendJson(response, answer.status, answer.body);
	}

	async #preflight({ request, response, method, path }: Call): Promise<void> {
		const { preflights } = this.#options;
		const classId = parse(Id, path[1]);
		if (method === 'GET') {
			const known = preflights.get(classId);
			if (!known) throw new Refusal(404, 'no-preflight', 'there was none of this class');
			return sendJson(response, 200, known);
		}
		if (method !== 'PUT') throw notFound();
		const wanted = parse(PreflightRequest, await readJson(request, JSON_BODY));
		const begun = preflights.begin(classId, wanted);
		if (!begun) throw new Refusal(409, 'preflight-busy', 'one of another class is under way');
		sendJson(response, 202, begun);
	}

	async #inSession({ request, response, method }: Call): Promise<void> {
		if (method !== 'PUT') throw notFound();
		const said = parse(ClassesInSession, await readJson(request, JSON_BODY));
		this.#options.sandboxes.inSession(said);
		response.writeHead(204).end();
	}

	async #classLimits({ request, response, method, path }: Call): Promise<void> {
		if (method !== 'PUT') throw notFound();
		const limits = parse(SandboxLimits, await readJson(request, JSON_BODY));
		this.#options.sandboxes.limitClass(parse(Id, path[1]), limits);
		response.writeHead(204).end();
	}

	async #sessions({ request, response, method }: Call): Promise<void> {
		const { sandboxes } = this.#options;
		if (method === 'GET') return sendJson(response, 200, sandboxes.list());
		if (method !== 'POST') throw notFound();
		const start = parse(StartSession, await readJson(request, JSON_BODY));
		const { began, session } = sandboxes.start(start);
		sendJson(response, began ? 201 : 200, session);
	}

	async #session({ response, method, query }: Call, workspace: string): Promise<void> {
		if (method === 'GET') return sendJson(response, 200, this.#view(workspace));
		if (method !== 'DELETE') throw notFound();
		const { sandboxes } = this.#options;
		if (query.get('volume') === 'delete') await sandboxes.forget(workspace);
		else await sandboxes.stop(workspace);
		response.writeHead(204).end();
	}

	async #restart({ request, response }: Call, workspace: string): Promise<void> {
		const restart = parse(RestartSession, await readJson(request, JSON_BODY));
		if (restart.workspace !== workspace) throw new Refusal(400, 'invalid', 'two workspaces');
		sendJson(response, 200, this.#options.sandboxes.restart(restart));
	}

	async #drain({ response }: Call, workspace: string): Promise<void> {
		sendJson(response, 200, await this.#host(workspace).flush.drain());
	}

	async #blob({ request, response, method }: Call, workspace: string, sha: string) {
		const { flush } = this.#host(workspace);
		if (method === 'PUT') {
			const bytes = await readBody(request, FILE_LIMITS.binary);
			if (!flush.putBlob(sha, bytes)) throw new Refusal(400, 'wrong-sha', 'not what it says');
			return void response.writeHead(204).end();
		}
		if (method !== 'GET') throw notFound();
		const bytes = await flush.readBlob(sha);
		if (!bytes) throw new Refusal(404, 'unknown-blob', 'no file of the workspace has these bytes');
		response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(bytes);
	}

	async #docker({ request, response, signal }: Call, workspace: string, verb: string) {
		const sandbox = this.#sandbox(workspace);
		const { command, timeoutMs } = dockerCommand(verb, await readJson(request, JSON_BODY));
		this.#options.sandboxes.touch(workspace);
		sendJson(response, 200, await sandbox.exec(command, { timeoutMs, signal }));
	}

	#view(workspace: string): Session {
		const session = this.#options.sandboxes.view(workspace);
		if (!session) throw new Refusal(404, 'unknown-session', 'the workspace has no sandbox');
		return session;
	}

	#sandbox(workspace: string): SandboxHandle {
		this.#view(workspace);
		const sandbox = this.#options.sandboxes.get(workspace);
		if (!sandbox) throw new Refusal(409, 'not-ready', 'the sandbox is not ready');
		return sandbox;
	}

	#host(workspace: string): WorkspaceHost {
		this.#view(workspace);
		const host = this.#options.sandboxes.host(workspace);
		if (!host) throw new Refusal(409, 'not-ready', 'the sandbox is not ready');
		return host;
	}
}

function dockerCommand(verb: string, body: unknown): { command: string[]; timeoutMs: number } {
	if (verb === 'exec') return parse(ExecRequest, body);
	if (verb === 'build') {
		const { tag, noCache } = parse(BuildRequest, body);
		const options = noCache ? ['--no-cache'] : [];
		return {
			command: ['docker', 'build', '--progress=plain', ...options, '-t', tag, '.'],
			timeoutMs: BUILD_MS,
		};
	}
	if (verb === 'run') {
		const { image, publish } = parse(RunRequest, body);
		const ports = publish.flatMap((port) => ['-p', port]);
		return { command: ['docker', 'run', '-d', ...ports, image], timeoutMs: DOCKER_MS };
	}
	if (verb === 'stop') {
		const { container } = parse(StopRequest, body);
		return { command: ['docker', 'stop', '-t', '3', container], timeoutMs: DOCKER_MS };
	}
	throw notFound();
}

const notFound = (): Refusal => new Refusal(404, 'unknown-route', 'there is no such route');

function asRefusal(error: unknown): Refusal {
	if (error instanceof Refusal) return error;
	if (error instanceof SandboxError) return new Refusal(503, error.code, error.message);
	if (error instanceof FlushUnavailable) return new Refusal(503, 'not-drained', error.message);
	return new Refusal(500, 'internal', 'an unexpected error; see the log of runnerd');
}
