// For the fuzz: the side of the sandbox, as it is without one (the agent on this host, the flush in
// this process) and as it really is (a runnerd process and a sandbox on the engine).

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecResult } from '@containrlab/protocol/sandbox.ts';
import { connectAgent, type AgentLink } from '../../agent/client.ts';
import { testAgent, type TestAgent } from '../../agent/testing.ts';
import { RunnerProcess } from '../../process-testing.ts';
import { startRequest, TestInstance, until } from '../../sandboxes/testing.ts';
import { Flush, FlushUnavailable } from '../flush.ts';
import type { SyncRoom } from '../room.ts';
import type { History } from './history.ts';
import { Cable, type TestSync } from '../sync-testing.ts';

const run = promisify(execFile);

export interface Side extends AsyncDisposable {
	/** A directory of the shell's own outside the workspace. */
	readonly scratch: string;
	/** Runs a line in the workspace; what it printed, or undefined when it failed. */
	shell(line: string): Promise<string | undefined>;
	/** Both ways, until both sides agree. */
	rest(): Promise<void>;
	/** As kill -9 of runnerd, and its next launch. */
	killRunner(): Promise<void>;
	/** As kill -9 of the agent; the sandbox starts another. */
	killAgent(): Promise<void>;
	/** What a file that is restored gets. */
	bytes(sha: string): Promise<Buffer | undefined>;
	/** What went wrong, as it was logged. */
	complaints(): string[];
}

export class HereSide implements Side {
	readonly scratch: string;
	#sync: TestSync;
	#agent: TestAgent;
	#cable: Cable;
	#flush: Flush | undefined;
	#link: AgentLink | undefined;
	#room: SyncRoom | undefined;
	#attached = Promise.withResolvers<void>();
	#blobs = new Map<string, Buffer>();
	#logs: string[] = [];
	#history: History;

	private constructor(sync: TestSync, agent: TestAgent, cable: Cable, history: History) {
		this.#sync = sync;
		this.#history = history;
		this.#agent = agent;
		this.#cable = cable;
		this.scratch = join(agent.root, '..', 'scratch');
	}

	static async start(sync: TestSync, history: History): Promise<HereSide> {
		const side = new HereSide(sync, await testAgent(), await Cable.to(sync.port), history);
		await mkdir(side.scratch);
		await side.#launch();
		await side.rest();
		return side;
	}

	async #launch(): Promise<void> {
		const room = await this.#sync.join(undefined, this.#cable.url);
		const flush = new Flush(room, {
			warning: () => {},
			blob: (sha) =>
				void flush.readBlob(sha).then(
					(bytes) => bytes && this.#blobs.set(sha, bytes),
					() => {},
				),
			missingBlobs: (shas) => {
				for (const sha of shas) {
					const bytes = this.#blobs.get(sha);
					if (bytes) flush.putBlob(sha, bytes);
				}
			},
			activity: () => {},
			log: (message, detail) => this.#log(`${message} ${JSON.stringify(detail)}`),
			merged: (merged) => this.#history.merged(merged),
		});
		this.#history.watch('flush', room.doc);
		this.#room = room;
		this.#flush = flush;
		this.#link = connectAgent(() => this.#agent.open());
		this.#attached = Promise.withResolvers();
		const { resolve } = this.#attached;
		this.#link.on('connected', (client) => {
			this.#history.tap(client);
			flush.attach(client).then(resolve, (error) => {
				this.#log(`not attached ${String(error)}`);
				client.close();
			});
		});
	}

	#log(line: string): void {
		this.#history.note(`flush says: ${line}`);
		this.#logs.push(line);
	}

	/** Bytes that a browser uploaded. */
	keep(bytes: Buffer): string {
		const sha = createHash('sha256').update(bytes).digest('hex');
		this.#blobs.set(sha, bytes);
		return sha;
	}

	async shell(line: string): Promise<string | undefined> {
		const options = { cwd: this.#agent.root, maxBuffer: 64 * 1024 * 1024 };
		return run('bash', ['-c', line], options).then(
			({ stdout }) => stdout,
			() => undefined,
		);
	}

	async rest(): Promise<void> {
		await until('the flush comes to rest', () => this.#drained(), 60_000);
	}

	/** Not while the agent is away. */
	async #drained(): Promise<boolean> {
		await this.#attached.promise;
		return this.#flush!.drain(60_000).then(
			() => true,
			(error) => {
				if (error instanceof FlushUnavailable && error.cause === undefined) return false;
				throw error;
			},
		);
	}

	async killRunner(): Promise<void> {
		this.#cable.cut();
		this.#link!.close();
		this.#flush!.close();
		await this.#launch();
	}

	async killAgent(): Promise<void> {
		await this.#agent.restart();
	}

	async bytes(sha: string): Promise<Buffer | undefined> {
		return this.#blobs.get(sha) ?? this.#flush!.readBlob(sha);
	}

	complaints(): string[] {
		const known =
			/AgentUnavailable|no agent is attached|agent disconnected|agent is not connected|ECONNREFUSED/;
		return this.#logs.filter((line) => !known.test(line));
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#link?.close();
		this.#flush?.close();
		this.#room?.close();
		await this.#cable[Symbol.asyncDispose]();
		await this.#agent[Symbol.asyncDispose]();
	}
}

export class SandboxSide implements Side {
	readonly scratch = '/tmp';
	#sync: TestSync;
	#instance: TestInstance;
	#runner: RunnerProcess;
	#last: Promise<unknown> = Promise.resolve();

	private constructor(sync: TestSync, instance: TestInstance, runner: RunnerProcess) {
		this.#sync = sync;
		this.#instance = instance;
		this.#runner = runner;
	}

	static async start(sync: TestSync): Promise<SandboxSide> {
		const instance = await TestInstance.create();
		const runner = await RunnerProcess.launch(instance, 0, { syncUrl: sync.url });
		const side = new SandboxSide(sync, instance, runner);
		const ticket = await sync.ticket({ id: 'shell:anna', role: 'service' });
		await runner.fetch('POST', '/sessions', { ...startRequest(sync.workspace), ticket });
		await side.rest();
		return side;
	}

	get #session(): string {
		return `/sessions/${this.#sync.workspace}`;
	}

	/** Through runnerd, which isn't killed before it has told how the line ended. */
	shell(line: string): Promise<string | undefined> {
		return this.#inTurn(async () => {
			const ended = await this.#exec(line);
			if (!ended) throw new Error('the sandbox has no shell');
			return ended.exitCode === 0 ? ended.stdout : undefined;
		});
	}

	async #exec(line: string): Promise<ExecResult | undefined> {
		const command = ['bash', '-c', line];
		const response = await this.#runner
			.fetch('POST', `${this.#session}/exec`, { command, timeoutMs: 60_000 })
			.catch(() => undefined);
		return response?.ok ? ((await response.json()) as ExecResult) : undefined;
	}

	#inTurn<T>(work: () => Promise<T>): Promise<T> {
		const turn = this.#last.then(work);
		this.#last = turn.catch(() => {});
		return turn;
	}

	async rest(): Promise<void> {
		await until(
			'the flush comes to rest',
			async () => (await this.#runner.fetch('POST', `${this.#session}/drain`)).ok,
			60_000,
		);
	}

	killRunner(): Promise<void> {
		return this.#inTurn(async () => {
			await this.#runner.end('SIGKILL');
			const sync = { syncUrl: this.#sync.url };
			this.#runner = await RunnerProcess.launch(this.#instance, 0, sync);
			await until('the shell is back', async () => (await this.#exec('true')) !== undefined);
		});
	}

	async killAgent(): Promise<void> {
		await this.shell(`kill -9 $(pgrep -f 'agent --root /workspace' | head -1)`);
	}

	async bytes(sha: string): Promise<Buffer | undefined> {
		const response = await this.#runner.fetch('GET', `${this.#session}/blobs/${sha}`);
		return response.ok ? Buffer.from(await response.arrayBuffer()) : undefined;
	}

	complaints(): string[] {
		return [];
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#runner.end('SIGKILL');
		await this.#instance[Symbol.asyncDispose]();
	}
}
