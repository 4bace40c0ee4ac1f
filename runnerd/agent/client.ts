// A client of one sandbox's agent over any byte stream, and the link that keeps one connected.

import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { AgentAnswer, AgentEvent, FrameReader, encodeHead, type Frame } from './frame.ts';

/** A refusal is an answer; `code` is the agent's word and as hostile as the rest. */
export type AgentReply =
	| { ok: true; header: Record<string, unknown>; body: Buffer }
	| { ok: false; code: string; message: string };

export type AgentEventHandler = (header: Record<string, unknown>, body: Buffer) => void;

export type AgentLog = (message: string, detail?: Record<string, unknown>) => void;

/** The stream ended before the answer came, or the answer didn't come in time. */
export class AgentUnavailable extends Error {}

/** Requests under way at once, and bytes waiting to be written, before new ones are refused. */
const PENDING_MAX = 2000;
const WAITING_MAX = 64 * 1024 * 1024;
const TIMEOUT_MS = 10_000;
const NOTHING = new Uint8Array(0);

interface Pending {
	resolve(reply: AgentReply): void;
	reject(error: Error): void;
	timer: NodeJS.Timeout;
}

export class AgentClient {
	/** Resolves, never rejects, when the stream has ended; with the reason if there was one. */
	readonly closed: Promise<Error | undefined>;
	#stream: Duplex;
	#log: AgentLog;
	#reader = new FrameReader();
	#pending = new Map<number, Pending>();
	#handlers = new Map<string, Set<AgentEventHandler>>();
	#nextId = 1;
	#ended = false;
	#reason: Error | undefined;

	constructor(stream: Duplex, log: AgentLog = () => {}) {
		this.#stream = stream;
		this.#log = log;
		this.closed = new Promise((resolve) => {
			stream.on('close', () => {
				this.#end(undefined);
				resolve(this.#reason);
			});
		});
		stream.on('data', (chunk: Buffer) => this.#receive(chunk));
		stream.on('error', (error) => this.#end(error));
		stream.on('end', () => this.#end(undefined));
	}

	/** Throws AgentUnavailable when no answer can be had; a refusal is returned. */
	request(
		op: string,
		header: object = {},
		body: Uint8Array = NOTHING,
		options: { timeoutMs?: number } = {},
	): Promise<AgentReply> {
		return new Promise((resolve, reject) => {
			if (this.#pending.size >= PENDING_MAX) throw new AgentUnavailable('too many requests');
			const id = this.#nextId++;
			const timer = setTimeout(() => {
				this.#pending.delete(id);
				reject(new AgentUnavailable(`${op} timed out`));
			}, options.timeoutMs ?? TIMEOUT_MS);
			// Before writing: some streams deliver at once, and the answer may come within.
			this.#pending.set(id, { resolve, reject, timer });
			try {
				this.#write({ ...header, op, id }, body);
			} catch (error) {
				this.#pending.delete(id);
				clearTimeout(timer);
				throw error;
			}
		});
	}

	/** A request without an answer. Dropped when the stream has ended. */
	notify(op: string, header: object = {}, body: Uint8Array = NOTHING): void {
		if (!this.#ended) this.#write({ ...header, op }, body);
	}

	/** Hears events named `ev`; the function returned stops that. */
	on(ev: string, handler: AgentEventHandler): () => void {
		const handlers = this.#handlers.get(ev) ?? new Set();
		this.#handlers.set(ev, handlers.add(handler));
		return () => handlers.delete(handler);
	}

	close(): void {
		this.#end(undefined);
	}

	#write(header: object, body: Uint8Array): void {
		if (this.#ended) throw new AgentUnavailable('the agent is not connected');
		if (this.#stream.writableLength > WAITING_MAX) throw new AgentUnavailable('too far behind');
		const head = encodeHead(header, body.length);
		this.#stream.cork();
		this.#stream.write(head);
		if (body.length > 0) this.#stream.write(body);
		this.#stream.uncork();
	}

	#receive(chunk: Buffer): void {
		try {
			for (const frame of this.#reader.push(chunk)) {
				if (this.#ended) return;
				this.#take(frame);
			}
		} catch (error) {
			this.#end(error instanceof Error ? error : new Error(String(error)));
		}
	}

	#take({ header, body }: Frame): void {
		const event = AgentEvent.safeParse(header);
		if (event.success) {
			this.#dispatch(event.data.ev, event.data, body);
			return;
		}
		const answer = AgentAnswer.safeParse(header);
		if (!answer.success) {
			this.#log('dropped an unknown frame of an agent');
			return;
		}
		const known = answer.data;
		const pending = this.#pending.get(known.id);
		// A late answer to a request that timed out.
		if (!pending) return;
		this.#pending.delete(known.id);
		clearTimeout(pending.timer);
		pending.resolve(
			known.ok
				? { ok: true, header: known, body }
				: { ok: false, code: known.code, message: known.message },
		);
	}

	#dispatch(ev: string, header: Record<string, unknown>, body: Buffer): void {
		for (const handler of this.#handlers.get(ev) ?? []) {
			try {
				handler(header, body);
			} catch (error) {
				this.#log('a handler of an agent event failed', { ev, error: String(error) });
			}
		}
	}

	#end(reason: Error | undefined): void {
		if (this.#ended) return;
		this.#ended = true;
		this.#reason = reason;
		for (const { reject, timer } of this.#pending.values()) {
			clearTimeout(timer);
			reject(new AgentUnavailable('the agent disconnected', { cause: reason }));
		}
		this.#pending.clear();
		this.#stream.destroy();
	}
}

const BACKOFF_MS = { first: 50, most: 3000 };

/**
 * Keeps one client connected: `connected` carries a fresh client that has answered `hello` (its
 * `boot` changes when the agent itself was restarted), `disconnected` follows when it has gone.
 */
export class AgentLink extends EventEmitter<{
	connected: [AgentClient, { boot: string }];
	disconnected: [Error | undefined];
}> {
	client: AgentClient | undefined;
	/** Of the agent that was connected last. */
	boot: string | undefined;
	#open: () => Promise<Duplex>;
	#log: AgentLog;
	#stop = new AbortController();

	constructor(open: () => Promise<Duplex>, log: AgentLog) {
		super();
		this.#open = open;
		this.#log = log;
	}

	/** Reconnects until closed. Resolves then. */
	async run(): Promise<void> {
		let backoff = BACKOFF_MS.first;
		while (!this.#stop.signal.aborted) {
			const began = performance.now();
			const reason = await this.#once();
			if (this.#stop.signal.aborted) return;
			// A connection that lasted starts again from the shortest wait.
			if (performance.now() - began > BACKOFF_MS.most) backoff = BACKOFF_MS.first;
			this.#log('the agent is not connected', { reason: reason && String(reason), backoff });
			await sleep(backoff, this.#stop.signal);
			backoff = Math.min(backoff * 2, BACKOFF_MS.most);
		}
	}

	close(): void {
		this.#stop.abort();
		this.client?.close();
	}

	/** One connection from beginning to end; returns why it ended. */
	async #once(): Promise<Error | undefined> {
		let client: AgentClient;
		try {
			client = new AgentClient(await this.#open(), this.#log);
		} catch (error) {
			return error instanceof Error ? error : new Error(String(error));
		}
		const stop = () => client.close();
		this.#stop.signal.addEventListener('abort', stop);
		try {
			if (this.#stop.signal.aborted) stop();
			const hello = await client.request('hello');
			const boot = hello.ok ? hello.header['boot'] : undefined;
			if (typeof boot !== 'string') throw new AgentUnavailable('the agent said no hello');
			this.client = client;
			this.boot = boot;
			this.emit('connected', client, { boot });
		} catch (error) {
			client.close();
			return error instanceof Error ? error : new Error(String(error));
		} finally {
			this.#stop.signal.removeEventListener('abort', stop);
		}
		const reason = await client.closed;
		this.client = undefined;
		this.emit('disconnected', reason);
		return reason;
	}
}

/** Begins to connect at once, and again whenever the stream breaks, until `close()`. */
export function connectAgent(open: () => Promise<Duplex>, log: AgentLog = () => {}): AgentLink {
	const link = new AgentLink(open, log);
	// Listeners that the caller adds in this turn hear the first `connected`.
	void link.run();
	return link;
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		const done = () => {
			clearTimeout(timer);
			signal.removeEventListener('abort', done);
			resolve();
		};
		const timer = setTimeout(done, ms);
		signal.addEventListener('abort', done);
	});
}
