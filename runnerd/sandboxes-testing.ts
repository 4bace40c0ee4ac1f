// For tests: an instance of our own on the real engine, of which nothing is left afterwards.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '@containrlab/protocol/id.ts';
import {
	DEFAULT_LIMITS,
	type SandboxState,
	type StartSession,
} from '@containrlab/protocol/sandbox.ts';
import { workspaceRoom } from '@containrlab/protocol/id.ts';
import { DEFAULT_SOCKET } from './engine-address.ts';
import { Engine } from './engine.ts';
import type { KeptBudget } from './kept-volumes.ts';
import { silentLog } from './log.ts';
import type { RoomLimits } from './room.ts';
import type { SandboxHandle } from './sandbox-handle.ts';
import { Sandboxes } from './sandboxes.ts';
import { SessionRecord } from './sessions-record.ts';
import { RecordStore } from './state.ts';
import type { HostLifecycle } from './workspace-host.ts';

/** Of the engine that the tests use. */
export const DOCKER_SOCKET = (process.env['DOCKER_HOST'] ?? DEFAULT_SOCKET).replace('unix://', '');

/** Workspaces without documents and terminals: only the sandbox is under test. */
class NoHost implements HostLifecycle {
	async start(): Promise<void> {}
	update(): void {}
	async close(): Promise<boolean> {
		return true;
	}
}

export function startRequest(workspace: string, idleMinutes: number | null = 30): StartSession {
	return {
		workspace,
		room: workspaceRoom(workspace),
		ticket: 'no room is joined',
		driver: { id: 'uma', name: 'Uma' },
		idleMinutes,
		limits: DEFAULT_LIMITS,
	};
}

/** `npm test` names the image and the image store that it made. */
export function testImages(): { image: string; imagesVolume: string | undefined } {
	const image = process.env['SANDBOX_IMAGE'];
	if (!image) throw new Error('SANDBOX_IMAGE must name the sandbox image; `npm test` sets it');
	return { image, imagesVolume: process.env['IMAGES_VOLUME'] };
}

export async function until<T>(
	what: string,
	look: () => T | undefined | false | Promise<T | undefined | false>,
	ms = 30_000,
): Promise<T> {
	const end = Date.now() + ms;
	for (;;) {
		const found = await look();
		if (found) return found;
		if (Date.now() > end) throw new Error(`${what} did not happen within ${ms} ms`);
		await sleep(20);
	}
}

/** `await using` it: an instance with its own label and directory; every launch shares both. */
export class TestInstance implements AsyncDisposable {
	readonly name = `t-${newId(8)}`;
	readonly engine = new Engine({ socketPath: DOCKER_SOCKET }, this.name);
	readonly directory: string;
	/** For launches that follow. */
	kept: KeptBudget = { count: 200, bytes: undefined };
	#launches: Sandboxes<NoHost>[] = [];

	private constructor(directory: string) {
		this.directory = directory;
	}

	static async create(): Promise<TestInstance> {
		return new TestInstance(await mkdtemp(join(tmpdir(), 'runnerd-')));
	}

	/** The lifecycle of one runnerd process; several after one another are its launches. */
	async launch(
		poolSize = 0,
		engine = this.engine,
		room: Partial<RoomLimits> = {},
	): Promise<Sandboxes<NoHost> & { seen: Map<string, SandboxState[]>; told: string[] }> {
		const seen = new Map<string, SandboxState[]>();
		const told: string[] = [];
		const sandboxes = new Sandboxes<NoHost>({
			...testImages(),
			engine,
			store: new RecordStore(join(this.directory, 'sessions'), SessionRecord, silentLog),
			poolSize,
			room,
			kept: this.kept,
			log: silentLog,
			host: () => new NoHost(),
			tell: (_workspace, code) => told.push(code),
			changed: (workspace, state) => seen.set(workspace, [...(seen.get(workspace) ?? []), state]),
		});
		this.#launches.push(sandboxes);
		await sandboxes.open();
		return Object.assign(sandboxes, { seen, told });
	}

	/** Names of what exists on the engine. */
	async leftovers(): Promise<string[]> {
		const [containers, volumes] = await Promise.all([
			this.engine.containers(),
			this.engine.volumes(),
		]);
		return [...containers.map(({ name }) => name), ...volumes];
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await Promise.allSettled(this.#launches.map((launch) => launch.close()));
		for (const { id } of await this.engine.containers()) await this.engine.removeContainer(id);
		await this.engine.removeStrayHelpers();
		for (const volume of await this.engine.volumes()) await this.engine.removeVolume(volume);
		await rm(this.directory, { recursive: true, force: true });
	}
}

export async function ready(sandboxes: Sandboxes<HostLifecycle>, workspace: string) {
	await until(`${workspace} ready`, () => {
		const { state } = sandboxes.view(workspace)!;
		if (state.status === 'failed' || state.status === 'gone')
			throw new Error(JSON.stringify(state));
		return state.status === 'ready';
	});
	return sandboxes.get(workspace)!;
}

/** A shell line inside; its output, and what it printed of errors when it failed. */
export async function sh(
	sandbox: SandboxHandle,
	line: string,
	timeoutMs = 60_000,
): Promise<string> {
	const result = await sandbox.exec(['bash', '-c', line], { timeoutMs });
	return (result.stdout + (result.exitCode === 0 ? '' : result.stderr)).trim();
}
