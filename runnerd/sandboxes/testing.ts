// For tests: an instance of our own on the real engine, of which nothing is left afterwards.

import { glob, mkdtemp, readFile, rm } from 'node:fs/promises';
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
import { DEFAULT_SOCKET } from '../engine/address.ts';
import { Engine } from '../engine/engine.ts';
import type { KeptBudget } from './kept-volumes.ts';
import type { Trouble } from '../host/helper-lines.ts';
import { Machine } from '../host/machine.ts';
import { Troubles } from '../host/troubles.ts';
import { silentLog } from '../log.ts';
import type { RoomLimits } from '../supply/room.ts';
import type { SandboxHandle } from './handle.ts';
import { Sandboxes } from './sandboxes.ts';
import { SessionRecord } from '../sessions/record.ts';
import { RecordStore } from '../sessions/state.ts';
import type { HostLifecycle } from '../sessions/workspace-host.ts';

/** Of the engine that the tests use. */
export const DOCKER_SOCKET = (process.env['DOCKER_HOST'] ?? DEFAULT_SOCKET).replace('unix://', '');

/** Part of the names of whatever the tests make, by which `npm test` finds what was left. */
export const TEST_RUN = process.env['TEST_RUN'] ? `${process.env['TEST_RUN']}-` : '';

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

type Seen = {
	seen: Map<string, SandboxState[]>;
	/** Codes of what owners were told. */
	told: string[];
	machine: Machine | undefined;
};

/** `await using` it: an instance with its own label and directory; every launch shares both. */
export class TestInstance implements AsyncDisposable {
	readonly name = `t-${TEST_RUN}${newId(8)}`;
	readonly engine: Engine;
	readonly directory: string;
	/** For launches that follow. */
	kept: KeptBudget = { count: 200, bytes: undefined };
	/** For launches that follow: whether the engine's machine is looked after, with disks or without. */
	machine: 'unseen' | 'disks' | 'no disks' = 'unseen';
	/** For launches that follow: the volume of a mirror's sockets. */
	mirror: string | undefined;
	#launches: { close(): Promise<void> }[] = [];

	private constructor(directory: string, socketPath: string) {
		this.directory = directory;
		this.engine = new Engine({ socketPath }, this.name);
	}

	static async create(socket = DOCKER_SOCKET): Promise<TestInstance> {
		return new TestInstance(await mkdtemp(join(tmpdir(), 'runnerd-')), socket);
	}

	/** The lifecycle of one runnerd process; several after one another are its launches. */
	async launch(
		poolSize = 0,
		engine = this.engine,
		room: Partial<RoomLimits> = {},
	): Promise<Sandboxes<NoHost> & Seen> {
		const seen = new Map<string, SandboxState[]>();
		const told: string[] = [];
		const machine =
			this.machine === 'unseen'
				? undefined
				: this.#machine(engine, (trouble) => troubles.take(trouble));
		const sandboxes: Sandboxes<NoHost> = new Sandboxes<NoHost>({
			...(machine && { machine }),
			...testImages(),
			mirrorVolume: this.mirror,
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
		const troubles = new Troubles({
			find: (what) => sandboxes.ownerOf(what),
			tell: (_workspace, code) => told.push(code),
			evict: (workspace) => sandboxes.evict(workspace),
			relieve: (workspace) => sandboxes.relieve(workspace),
			log: silentLog,
		});
		this.#launches.push(sandboxes, ...(machine ? [machine] : []));
		await sandboxes.open();
		return Object.assign(sandboxes, { seen, told, machine });
	}

	#machine(engine: Engine, onTrouble: (trouble: Trouble) => void): Machine {
		const { image } = testImages();
		const disks = this.machine === 'disks';
		return new Machine({
			engine,
			image,
			disks,
			log: silentLog,
			onTrouble,
		});
	}

	/** Names of what exists on the engine, but for the place of the disks. */
	async leftovers(): Promise<string[]> {
		const [containers, all] = await Promise.all([this.engine.containers(), this.engine.volumes()]);
		const volumes = all.filter((name) => name !== `${this.name}-disks`);
		const loops = await this.loops();
		return [
			...containers.map(({ name }) => name),
			...volumes,
			...loops.filter((loop) => !volumes.some((volume) => loop.includes(volume))),
		];
	}

	/** Files behind the loop devices of this instance; none are seen where the engine is elsewhere. */
	async loops(): Promise<string[]> {
		const found: string[] = [];
		for await (const path of glob('/sys/block/loop*/loop/backing_file')) {
			const file = await readFile(path, 'utf8').catch(() => '');
			if (file.includes(`/${this.name}-`)) found.push(file.trim());
		}
		return found;
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
