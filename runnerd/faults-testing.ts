// For tests: runnerd as a process that can be killed at a chosen step and launched again, its engine
// behind a proxy, and the real sync, which remembers.

import { join } from 'node:path';
import { newId, workspaceRoom } from '@containrlab/protocol/id.ts';
import type { ExecResult, Session, StartSession } from '@containrlab/protocol/sandbox.ts';
import { signTicket } from '@containrlab/protocol/ticket.ts';
import { onTestFailed } from 'vitest';
/* eslint-disable no-restricted-imports -- runnerd never imports sync; its test meets the real one. */
import { silentLogger } from '../sync/logger.ts';
import { MemoryStorage } from '../sync/memory-storage.ts';
import { SyncServer } from '../sync/server.ts';
/* eslint-enable no-restricted-imports */
import { EngineProxy, type Moment } from './engine/proxy-testing.ts';
import { SyncRoom } from './flush/room.ts';
import { RunnerProcess } from './process-testing.ts';
import { TestInstance, startRequest, until } from './sandboxes/testing.ts';

/** A busy machine starts a sandbox in half a minute. */
const PATIENCE_MS = 120_000;

const direct = (proxy: string) => ({ DOCKER_HOST: `unix://${proxy}` });

/** A runnerd that can be killed, its engine behind a proxy, and a sync that remembers. */
export class World implements AsyncDisposable {
	readonly instance: TestInstance;
	readonly proxy: EngineProxy;
	readonly #storage = new MemoryStorage();
	readonly #keys: CryptoKeyPair;
	readonly #sync: SyncServer;
	readonly #syncUrl: string;
	readonly #poolSize: number;
	readonly #engine: Record<string, string>;
	runner!: RunnerProcess;
	/** The latest. */
	#launches: RunnerProcess[] = [];

	private constructor(
		parts: {
			instance: TestInstance;
			proxy: EngineProxy;
			keys: CryptoKeyPair;
			poolSize: number;
			engine: Record<string, string>;
		},
		sync: SyncServer,
		storage: MemoryStorage,
		syncUrl: string,
	) {
		this.instance = parts.instance;
		this.proxy = parts.proxy;
		this.#keys = parts.keys;
		this.#poolSize = parts.poolSize;
		this.#engine = parts.engine;
		this.#sync = sync;
		this.#storage = storage;
		this.#syncUrl = syncUrl;
	}

	/** `engine`: Docker's variables, when runnerd isn't to go to the proxy directly. */
	static async create(
		poolSize: number,
		engine: (
			proxy: string,
			directory: string,
		) => Record<string, string> | Promise<Record<string, string>> = direct,
		/** Of the engine itself, when it isn't the usual one: the proxy knows no other. */
		socket?: string,
	): Promise<World> {
		const instance = await TestInstance.create(socket);
		const keys = (await crypto.subtle.generateKey('Ed25519', true, [
			...(['sign', 'verify'] as const),
		])) as CryptoKeyPair;
		const storage = new MemoryStorage();
		const sync = new SyncServer({
			...{ storage, ticketPublicKey: keys.publicKey, token: 'token', logger: silentLogger },
		});
		const { url } = await sync.listen(0, '127.0.0.1');
		const proxy = await EngineProxy.listen(join(instance.directory, 'engine.sock'));
		const variables = await engine(proxy.path, instance.directory);
		const parts = { instance, proxy, keys, poolSize, engine: variables };
		const world = new World(parts, sync, storage, url.replace('http', 'ws'));
		onTestFailed(() => world.#explain());
		await world.launch();
		return world;
	}

	/** The one that runs, and the one that was killed before it. */
	#explain(): void {
		for (const [index, { log }] of this.#launches.entries()) {
			console.error(`the log of launch ${index - this.#launches.length}:\n${log.join('\n')}`);
		}
	}

	async launch(): Promise<void> {
		this.proxy.arm();
		this.runner = await RunnerProcess.launch(this.instance, this.#poolSize, {
			...{ syncUrl: this.#syncUrl, engine: this.#engine },
		});
		this.#launches = [...this.#launches, this.runner].slice(-2);
	}

	/** Kills at the step, during what `work` begins; false when it needs fewer steps. */
	async killAt(
		at: { step: number; moment: Moment },
		work: () => Promise<unknown>,
	): Promise<boolean> {
		this.proxy.arm({ ...at, act: () => this.runner.kill() });
		const struck = this.proxy.struck.then(() => true);
		const done = work().then(
			() => false,
			// Its connection broke with it.
			() => struck,
		);
		const killed = await Promise.race([struck, done]);
		await this.runner.end('SIGKILL');
		await this.launch();
		return killed;
	}

	async workspace(): Promise<StartSession> {
		const workspace = newId();
		const resource = workspaceRoom(workspace);
		this.#storage.create(resource);
		return { ...startRequest(workspace), ticket: await this.#ticket(resource) };
	}

	async editor({ room }: StartSession): Promise<{ room: SyncRoom } & Disposable> {
		const joined = new SyncRoom({ url: this.#syncUrl, room, ticket: await this.#ticket(room) });
		await joined.ready;
		return { room: joined, [Symbol.dispose]: () => joined.close() };
	}

	async #ticket(resource: string): Promise<string> {
		const iat = Math.floor(Date.now() / 1000);
		return signTicket(this.#keys.privateKey, {
			...{ aud: 'sync', user: { id: 'shell:uma', name: 'Uma', role: 'service' }, resource },
			...{ access: 'write', iat, exp: iat + 3600, jti: newId() },
		});
	}

	async sh(workspace: string, line: string): Promise<string> {
		const body = { command: ['bash', '-c', line] };
		const path = `/sessions/${workspace}/exec`;
		return (await this.runner.json<ExecResult>('POST', path, body)).stdout;
	}

	/** The runner may be killed meanwhile; what was begun inside goes on. */
	async shUnheard(workspace: string, line: string): Promise<void> {
		await this.sh(workspace, line).catch(() => {});
	}

	/** Does `more` until the fault has come. */
	async strikes(more: () => Promise<void>): Promise<void> {
		let struck = false;
		void this.proxy.struck.then(() => (struck = true));
		await until('the fault', async () => struck || (await more().then(() => struck)), PATIENCE_MS);
	}

	warm(): Promise<unknown> {
		return until(
			'a warm one',
			async () =>
				(await this.runner.json<{ warm: number }>('GET', '/health')).warm === this.#poolSize,
			PATIENCE_MS,
		);
	}

	async reaches(workspace: string, status: 'ready' | 'gone'): Promise<Session['state']> {
		return until(
			`${workspace} ${status}`,
			async () => {
				const { state } = await this.runner.json<Session>('GET', `/sessions/${workspace}`);
				if (state.status === 'failed') throw new Error(JSON.stringify(state));
				return state.status === status && state;
			},
			PATIENCE_MS,
		);
	}

	start = (request: StartSession) => this.runner.fetch('POST', '/sessions', request);

	/** Asks again, as a page does that got no answer, and waits for it. */
	async started(request: StartSession): Promise<void> {
		await this.start(request);
		await this.reaches(request.workspace, 'ready');
	}

	/** Deletes the workspace; then nothing but the pool may be left. */
	async endsClean({ workspace }: StartSession): Promise<void> {
		await this.runner.fetch('DELETE', `/sessions/${workspace}?volume=delete`);
		await until(
			'only the pool',
			async () => {
				const names = await this.instance.leftovers();
				return (
					names.length === 2 * this.#poolSize && !names.some((name) => name.includes(workspace))
				);
			},
			PATIENCE_MS,
		);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.runner.end('SIGKILL');
		await this.#sync.close();
		await this.proxy[Symbol.asyncDispose]();
		await this.instance[Symbol.asyncDispose]();
	}
}
