// What web asks of runnerd.

import {
	DrainResult,
	JudgeRun,
	Session,
	type ClassesInSession,
	type JudgeRunRequest,
	type RestartSession,
	type SandboxLimits,
	type StartSession,
} from '@containrlab/protocol/sandbox.ts';
import { RunnerEventLine } from '@containrlab/protocol/events.ts';
import { FILE_LIMITS } from '@containrlab/protocol/path.ts';
import { Preflight, type PreflightRequest } from '@containrlab/protocol/preflight.ts';
import { PortsAnswer } from '@containrlab/protocol/preview.ts';
import { z } from 'zod';
import { bytesOf, call, jsonOf, Refused, Unreachable, type Service } from './service-call.ts';

/** runnerd answers at once and reports progress by events; only a drain works while we wait. */
const QUICK_MS = 5_000;
const DRAIN_MS = 20_000;
/** Beats come every 15 s: three missed ones mean that nobody is there. */
const SILENCE_MS = 50_000;
const LINE_LIMIT = 4 * 1024 * 1024;

export class RunnerdClient {
	readonly #service: Service;

	constructor(url: string, token: string) {
		this.#service = { name: 'runnerd', url, token };
	}

	async start(request: z.input<typeof StartSession>): Promise<Session> {
		const options = { method: 'POST', json: request, timeoutMs: QUICK_MS } as const;
		return Session.parse(await jsonOf(await call(this.#service, '/sessions', options)));
	}

	async restart(request: z.input<typeof RestartSession>): Promise<Session> {
		const options = { method: 'POST', json: request, timeoutMs: QUICK_MS } as const;
		const path = `/sessions/${request.workspace}/restart`;
		return Session.parse(await jsonOf(await call(this.#service, path, options)));
	}

	/** Undefined when the workspace has no sandbox. */
	async session(workspace: string): Promise<Session | undefined> {
		const options = { timeoutMs: 2_000 };
		const response = await orMissing(call(this.#service, `/sessions/${workspace}`, options));
		return response && Session.parse(await jsonOf(response));
	}

	/** Idempotent: replaces what was said before. */
	async inSession(said: ClassesInSession): Promise<void> {
		const options = { method: 'PUT', json: said, timeoutMs: QUICK_MS } as const;
		await (await call(this.#service, '/in-session', options)).body?.cancel();
	}

	/** Idempotent; holds for sandboxes that there are. */
	async limitClass(classId: string, limits: SandboxLimits): Promise<void> {
		const options = { method: 'PUT', json: limits, timeoutMs: QUICK_MS } as const;
		await (await call(this.#service, `/class-limits/${classId}`, options)).body?.cancel();
	}

	/**
	 * What listens in its sandbox; changes are told by events from now on, for a while. Nothing where
	 * there is no sandbox, or nobody who could tell: the page says so already.
	 */
	async ports(workspace: string): Promise<number[]> {
		const options = { timeoutMs: QUICK_MS };
		try {
			const response = await call(this.#service, `/sessions/${workspace}/ports`, options);
			return PortsAnswer.parse(await jsonOf(response)).ports;
		} catch (cause) {
			if (cause instanceof Refused || cause instanceof Unreachable) return [];
			throw cause;
		}
	}

	async sessions(): Promise<Session[]> {
		const response = await call(this.#service, '/sessions', { timeoutMs: QUICK_MS });
		return z.array(Session).parse(await jsonOf(response));
	}

	async stop(workspace: string): Promise<void> {
		const options = { method: 'DELETE', timeoutMs: QUICK_MS } as const;
		await (await orMissing(call(this.#service, `/sessions/${workspace}`, options)))?.body?.cancel();
	}

	/** The workspace is deleted: its sandbox ends, and what was kept of it for its return goes. */
	async forget(workspace: string): Promise<void> {
		const options = { method: 'DELETE', timeoutMs: DRAIN_MS } as const;
		const path = `/sessions/${workspace}?volume=delete`;
		await (await orMissing(call(this.#service, path, options)))?.body?.cancel();
	}

	/** Undefined when the workspace has no sandbox. */
	async extend(workspace: string): Promise<Session | undefined> {
		const options = { method: 'POST', timeoutMs: QUICK_MS } as const;
		const response = await orMissing(call(this.#service, `/sessions/${workspace}/extend`, options));
		return response && Session.parse(await jsonOf(response));
	}

	/** Undefined when the workspace has no sandbox: then there is nothing beside the document. */
	async drain(workspace: string): Promise<DrainResult | undefined> {
		const options = { method: 'POST', timeoutMs: DRAIN_MS } as const;
		const response = await orMissing(call(this.#service, `/sessions/${workspace}/drain`, options));
		return response && DrainResult.parse(await jsonOf(response));
	}

	async blob(workspace: string, sha: string): Promise<Uint8Array | undefined> {
		const path = `/sessions/${workspace}/blobs/${sha}`;
		const response = await orMissing(call(this.#service, path, { timeoutMs: DRAIN_MS }));
		return response && bytesOf(response, FILE_LIMITS.binary);
	}

	async putBlob(workspace: string, sha: string, bytes: Uint8Array): Promise<void> {
		const options = { method: 'PUT', bytes, timeoutMs: DRAIN_MS } as const;
		const path = `/sessions/${workspace}/blobs/${sha}`;
		await (await call(this.#service, path, options)).body?.cancel();
	}

	/** Undefined when there was none of this class. */
	async preflight(classId: string): Promise<Preflight | undefined> {
		const options = { timeoutMs: QUICK_MS };
		const response = await orMissing(call(this.#service, `/preflights/${classId}`, options));
		return response && Preflight.parse(await jsonOf(response));
	}

	/** Idempotent while it runs. */
	async beginPreflight(classId: string, request: PreflightRequest): Promise<void> {
		const options = { method: 'PUT', json: request, timeoutMs: QUICK_MS } as const;
		await (await call(this.#service, `/preflights/${classId}`, options)).body?.cancel();
	}

	async startRun(run: Run, request: JudgeRunRequest, signal: AbortSignal): Promise<JudgeRun> {
		const options = { method: 'PUT', json: request, timeoutMs: DRAIN_MS, signal } as const;
		return JudgeRun.parse(await jsonOf(await call(this.#service, runPath(run), options)));
	}

	/** Undefined when runnerd knows no such run: it was acknowledged, or lost. */
	async run(run: Run, signal?: AbortSignal): Promise<JudgeRun | undefined> {
		const options = { timeoutMs: QUICK_MS, ...(signal && { signal }) };
		const response = await orMissing(call(this.#service, runPath(run), options));
		return response && JudgeRun.parse(await jsonOf(response));
	}

	/** We hold the result: runnerd may forget it. */
	async acknowledge(run: Run): Promise<void> {
		const options = { method: 'DELETE', timeoutMs: QUICK_MS } as const;
		await (await orMissing(call(this.#service, runPath(run), options)))?.body?.cancel();
	}

	/** The event stream from `after` on, until it ends, breaks or falls silent. */
	async *events(
		from: { launch: string; after: number },
		signal: AbortSignal,
	): AsyncGenerator<RunnerEventLine> {
		const query = new URLSearchParams({ launch: from.launch, after: String(from.after) });
		const silence = new AbortController();
		let timer = setTimeout(() => silence.abort(new Unreachable('silence')), SILENCE_MS);
		try {
			const response = await call(this.#service, `/events?${query}`, {
				timeoutMs: 2 ** 31 - 1,
				signal: AbortSignal.any([signal, silence.signal]),
			});
			for await (const line of linesOf(response)) {
				clearTimeout(timer);
				timer = setTimeout(() => silence.abort(new Unreachable('silence')), SILENCE_MS);
				yield RunnerEventLine.parse(JSON.parse(line));
			}
		} finally {
			clearTimeout(timer);
		}
	}
}

export type Run = { attempt: string; try: number };
const runPath = (run: Run): string => `/judge-runs/${run.attempt}/${run.try}`;

async function orMissing(response: Promise<Response>): Promise<Response | undefined> {
	try {
		return await response;
	} catch (cause) {
		if (cause instanceof Refused && cause.status === 404) return undefined;
		throw cause;
	}
}

async function* linesOf(response: Response): AsyncGenerator<string> {
	const decoder = new TextDecoder();
	let rest = '';
	for await (const chunk of response.body ?? []) {
		rest += decoder.decode(chunk, { stream: true });
		const lines = rest.split('\n');
		rest = lines.pop() ?? '';
		if (rest.length > LINE_LIMIT) throw new Error('runnerd sent an endless line');
		yield* lines.filter((line) => line !== '');
	}
}
