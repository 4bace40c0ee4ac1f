// The Docker engine as the rest of runnerd sees it; the only importer of dockerode. Everything it
// creates carries the instance's label, and it never looks at what doesn't.

import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import type { ContainerCreateOptions } from 'dockerode';
import type { EngineAddress } from './address.ts';
import { newId } from '@containrlab/protocol/id.ts';
import {
	type EngineHelper,
	type MachineHelper,
	HELPER_LABEL,
	INSTANCE_LABEL,
	helperOptions,
	machineHelperOptions,
	talkerOptions,
} from './helper.ts';
import { guard, ignore, statusOf, translate } from './errors.ts';
import { heldMemory } from './stats.ts';
import { type Exchange, BoundedOutput, consume, execDuplex, ExecDemux } from './streams.ts';
import { SandboxError, type OutputStream } from '../sandboxes/handle.ts';
import { cpuLimit } from '../sandboxes/spec.ts';

const HELPER_OUTPUT = 64 * 1024;

export type EngineInfo = {
	cpus: number;
	/** Bytes. */
	memory: number;
	cgroupDriver: string;
	/** Where it keeps its data, on its own machine. */
	dockerRoot: string;
};

export type ContainerFacts = {
	/** Bytes and processes; 0 for no limit. */
	memory: number;
	pids: number;
	readonlyRoot: boolean;
	/** Where paths of the host are seen. */
	binds: string[];
};

export type EngineContainer = {
	id: string;
	name: string;
	running: boolean;
	imageId: string;
	labels: Record<string, string>;
};

export type EngineExec = Exchange & {
	user: string;
	command: readonly string[];
	env?: Record<string, string>;
};

/** The part of dockerode's transport that is used here. */
type Modem = { dial(request: object, done: (error: unknown, stream?: Duplex) => void): void };

/** Every field is set: dockerode fills the others from the environment, a host from there wins. */
export const connectDocker = (address: EngineAddress): Docker =>
	new Docker({
		...{ socketPath: undefined, host: undefined, port: undefined, protocol: 'http' },
		...{ ca: undefined, cert: undefined, key: undefined },
		...address,
		Promise,
	});

export class Engine {
	readonly instance: string;
	#docker: Docker;
	/** Names of helpers at work. */
	#helpers = new Set<string>();

	constructor(address: EngineAddress, instance: string) {
		this.instance = instance;
		this.#docker = connectDocker(address);
	}

	async info(): Promise<EngineInfo> {
		const info: unknown = await guard(this.#docker.info());
		const { NCPU, MemTotal, CgroupDriver, DockerRootDir } = info as Record<string, unknown>;
		return {
			...{ cpus: Number(NCPU), memory: Number(MemTotal) },
			...{ cgroupDriver: String(CgroupDriver), dockerRoot: String(DockerRootDir) },
		};
	}

	/** All that the engine says of itself; for the check of its isolation, which parses it. */
	async rawInfo(): Promise<unknown> {
		return guard(this.#docker.info());
	}

	/** What a container was really given. */
	async containerFacts(id: string): Promise<ContainerFacts> {
		const { HostConfig, Mounts } = await guard(this.#docker.getContainer(id).inspect());
		return {
			memory: HostConfig.Memory ?? 0,
			pids: HostConfig.PidsLimit ?? 0,
			readonlyRoot: HostConfig.ReadonlyRootfs === true,
			binds: Mounts.filter(({ Type }) => Type === 'bind').map(({ Destination }) => Destination),
		};
	}

	/** The users of a container's processes, on the engine's host. */
	async processUids(id: string): Promise<number[]> {
		const table = await guard(this.#docker.getContainer(id).top({ ps_args: '-eo pid,uid' }));
		const { Processes } = table as { Processes: string[][] };
		return [...new Set(Processes.map(([, uid]) => Number(uid)))];
	}

	async ping(): Promise<void> {
		await guard(this.#docker.ping());
	}

	/** The id behind an image's name; undefined when the engine doesn't have it. */
	async imageId(name: string): Promise<string | undefined> {
		try {
			return (await this.#docker.getImage(name).inspect()).Id;
		} catch (error) {
			if (statusOf(error) === 404) return undefined;
			throw translate(error);
		}
	}

	/** `device`: a block device of the engine's machine that the volume is on; else a directory there. */
	async createVolume(name: string, device?: string): Promise<void> {
		// Discarding gives what is deleted back to the machine; inode tables are zero in a sparse file.
		const mount = { type: 'ext4', device: device ?? '', o: 'discard,noinit_itable' };
		await guard(
			this.#docker.createVolume({
				Name: name,
				Labels: { [INSTANCE_LABEL]: this.instance },
				...(device && { DriverOpts: mount }),
			}),
		);
	}

	/** Whether a volume is there, and on a device of its own. */
	async volumeKind(name: string): Promise<'none' | 'plain' | 'disk'> {
		try {
			const { Options } = await this.#docker.getVolume(name).inspect();
			return Options?.['device'] ? 'disk' : 'plain';
		} catch (error) {
			if (statusOf(error) === 404) return 'none';
			throw translate(error);
		}
	}

	/** Names of our volumes. */
	async volumes(): Promise<string[]> {
		const { Volumes } = await guard(this.#docker.listVolumes({ filters: this.#ours() }));
		return Volumes.map((volume) => volume.Name);
	}

	async removeVolume(name: string): Promise<void> {
		await ignore([404], this.#docker.getVolume(name).remove({ force: true }));
	}

	/** Creates and starts a container; one that doesn't start is removed again. */
	async startContainer(options: ContainerCreateOptions): Promise<string> {
		const Labels = { ...options.Labels, [INSTANCE_LABEL]: this.instance };
		const container = await this.#create({ ...options, Labels });
		try {
			await guard(container.start());
		} catch (error) {
			await this.removeContainer(container.id);
			throw error;
		}
		return container.id;
	}

	/** dockerode would say all of it in the address as well, and proxies refuse long ones. */
	#create({ name, ...body }: ContainerCreateOptions): Promise<Docker.Container> {
		const options: object = { _query: { name }, _body: body };
		return guard(this.#docker.createContainer(options));
	}

	/** Our sandboxes, stopped ones too. */
	async containers(): Promise<EngineContainer[]> {
		const list = (await this.#list()).filter(({ Labels }) => !(HELPER_LABEL in Labels));
		return list.map((container) => ({
			id: container.Id,
			name: container.Names[0]?.replace(/^\//, '') ?? '',
			running: container.State === 'running',
			imageId: container.ImageID,
			labels: container.Labels,
		}));
	}

	#list() {
		return guard(this.#docker.listContainers({ all: true, filters: this.#ours() }));
	}

	/** What a container holds of memory just now, without what could be read again; bytes. */
	async memoryOf(id: string): Promise<number> {
		const stats: unknown = await guard(
			this.#docker.getContainer(id).stats({ stream: false, 'one-shot': true }),
		);
		return heldMemory(stats);
	}

	/** What a container of ours was made of; undefined when there is none of this name. */
	async recipe(name: string): Promise<ContainerCreateOptions | undefined> {
		try {
			const { Config, HostConfig } = await this.#docker.getContainer(name).inspect();
			return { Image: Config.Image, Cmd: Config.Cmd, HostConfig };
		} catch (error) {
			if (statusOf(error) === 404) return undefined;
			throw translate(error);
		}
	}

	async isRunning(id: string): Promise<boolean> {
		try {
			return (await this.#docker.getContainer(id).inspect()).State.Running;
		} catch (error) {
			if (statusOf(error) === 404) return false;
			throw translate(error);
		}
	}

	async renameContainer(id: string, name: string): Promise<void> {
		await guard(this.#docker.getContainer(id).rename({ name }));
	}

	/** Of a running one; what bounds its processes was given to those that run, too. */
	async limitContainer(id: string, limits: { memory: number; cpus: number }) {
		await guard(
			this.#docker.getContainer(id).update({
				Memory: limits.memory,
				MemorySwap: limits.memory,
				...cpuLimit(limits.cpus),
			}),
		);
	}

	/**
	 * Runs a shell script beside the engine, wherever that is, and answers what it printed. It sees the
	 * volumes that it is given, and changes nothing. Rejects unless it ends with 0.
	 */
	async runHelper(helper: EngineHelper): Promise<string> {
		const name = this.#newHelper();
		try {
			const options = helperOptions(name, this.instance, helper);
			return await this.#runToEnd(options, helper.signal);
		} catch (error) {
			await this.removeContainer(name).catch(() => {});
			throw error;
		} finally {
			this.#helpers.delete(name);
		}
	}

	/** For containers that go by themselves. */
	async #runToEnd(options: ContainerCreateOptions, signal: AbortSignal): Promise<string> {
		const container = await this.#create(options);
		const stream = await guard(container.attach({ stream: true, stdout: true, stderr: true }));
		const output = new BoundedOutput(HELPER_OUTPUT);
		const onOutput = (_from: OutputStream, chunk: Buffer) => output.push(chunk);
		const settled = Promise.all([
			guard(container.wait({ condition: 'removed' }) as Promise<{ StatusCode: number }>),
			consume(stream as Duplex, { onOutput, signal }),
		]);
		settled.catch(() => {});
		await guard(container.start());
		const [{ StatusCode }] = await settled;
		if (StatusCode === 0) return output.toString();
		throw new SandboxError(
			'start-failed',
			`a helper ended with ${StatusCode}: ${output.toString()}`,
		);
	}

	/**
	 * Starts a program of ours beside the engine and talks to it. It ends, and is removed, with the
	 * stream: also when that breaks because we were killed.
	 */
	openHelper(image: string, command: readonly string[]): Promise<Duplex> {
		return this.#talkTo((name) => talkerOptions(name, this.instance, image, command));
	}

	/** The same for the one that looks after the engine's machine; hears what goes wrong in it. */
	openMachineHelper(helper: MachineHelper, onStderr: (data: Buffer) => void): Promise<Duplex> {
		return this.#talkTo((name) => machineHelperOptions(name, this.instance, helper), onStderr);
	}

	async #talkTo(
		options: (name: string) => ContainerCreateOptions,
		onStderr: (data: Buffer) => void = () => {},
	): Promise<Duplex> {
		const name = this.#newHelper();
		const forget = () => this.#helpers.delete(name);
		try {
			const container = await this.#create(options(name));
			const stream = execDuplex(await this.#attach(container.id), onStderr);
			// It ends with the engine; whoever listens hears of that by `close`.
			stream.on('error', () => {}).on('close', forget);
			await guard(container.start());
			return stream;
		} catch (error) {
			await this.removeContainer(name).catch(() => {});
			forget();
			throw error;
		}
	}

	/**
	 * To a container's input and output. Not by dockerode's own `attach`, which says its options in a
	 * body as well: what of that comes late, the engine takes for the container's input.
	 */
	#attach(id: string): Promise<Duplex> {
		const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
		const request = {
			...{ path: `/containers/${id}/attach?`, method: 'POST', file: Buffer.alloc(0) },
			...{ isStream: true, hijack: true, openStdin: true },
			options: { stream: true, stdin: true, stdout: true, stderr: true },
			statusCodes: { 200: true, 404: 'no such container', 500: 'server error' },
		};
		const modem = this.#docker.modem as Modem;
		modem.dial(request, (error, stream) => (stream ? resolve(stream) : reject(error as Error)));
		return guard(promise);
	}

	#newHelper(): string {
		const name = `${this.instance}-helper-${newId(8)}`;
		this.#helpers.add(name);
		return name;
	}

	/** Helpers that nobody waits for: an earlier launch's. */
	async removeStrayHelpers(): Promise<void> {
		for (const { Id, Names, Labels } of await this.#list()) {
			const name = Names[0]?.replace(/^\//, '') ?? '';
			if (HELPER_LABEL in Labels && !this.#helpers.has(name)) await this.removeContainer(Id);
		}
	}

	/** Lets the container's processes end within `seconds`, then ends them. */
	async stopContainer(id: string, seconds: number): Promise<void> {
		await ignore([304, 404], this.#docker.getContainer(id).stop({ t: seconds }));
	}

	/** Gone afterwards, whatever state it was in. 409: another removal is under way. */
	async removeContainer(id: string): Promise<void> {
		await ignore([404, 409], this.#docker.getContainer(id).remove({ force: true, v: true }));
		for (let attempt = 0; attempt < 50 && (await this.#exists(id)); attempt++) await sleep(100);
	}

	async #exists(id: string): Promise<boolean> {
		const found = await guard(
			this.#docker.listContainers({ all: true, filters: JSON.stringify({ id: [id] }) }),
		);
		return found.length > 0;
	}

	/** The end of what a container printed: why a sandbox didn't come up. For our log only. */
	async logTail(id: string): Promise<string> {
		try {
			const container = this.#docker.getContainer(id);
			const bytes = await container.logs({ stdout: true, stderr: true, tail: 20 });
			return [...new ExecDemux().push(bytes)].map(({ data }) => data.toString('utf8')).join('');
		} catch {
			return '';
		}
	}

	/** Runs a command to its end; answers its exit code. */
	async exec(id: string, options: EngineExec): Promise<number> {
		options.signal.throwIfAborted();
		const exec = await guard(
			this.#docker.getContainer(id).exec({
				User: options.user,
				Cmd: [...options.command],
				Env: Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`),
				AttachStdin: options.stdin !== undefined,
				AttachStdout: true,
				AttachStderr: true,
			}),
		);
		const hijack = { hijack: true, stdin: options.stdin !== undefined };
		const stream = await guard(exec.start(hijack));
		await consume(stream, options);
		return this.#exitCode(exec);
	}

	/** Opens a command as a byte stream; it ends when the stream does if it heeds its stdin. */
	async open(id: string, user: string, command: readonly string[]): Promise<Duplex> {
		const exec = await guard(
			this.#docker.getContainer(id).exec({
				User: user,
				Cmd: [...command],
				AttachStdin: true,
				AttachStdout: true,
				AttachStderr: true,
			}),
		);
		return execDuplex(await guard(exec.start({ hijack: true, stdin: true })), () => {});
	}

	/** The stream's end precedes the exit code by a moment. */
	async #exitCode(exec: Docker.Exec): Promise<number> {
		for (let attempt = 0; attempt < 100; attempt++) {
			const { Running, ExitCode } = await guard(exec.inspect());
			if (!Running && ExitCode !== null) return ExitCode;
			await sleep(Math.min(5 * 2 ** attempt, 100));
		}
		throw new SandboxError('sandbox-lost', 'a command closed its output but did not end');
	}

	/**
	 * Tells of the ends of our containers from the moment the call resolves; `broken` settles, and
	 * never rejects, when the engine's stream has ended.
	 */
	async watch(
		onEnd: (containerId: string) => void,
		signal: AbortSignal,
	): Promise<{ broken: Promise<void> }> {
		const filters = { type: ['container'], event: ['die', 'destroy'], ...this.#labelFilter() };
		const stream = await guard(
			this.#docker.getEvents({ filters: JSON.stringify(filters), abortSignal: signal }),
		);
		stream.setEncoding('utf8');
		const read = async () => {
			let rest = '';
			for await (const chunk of stream as AsyncIterable<string>) {
				const lines = (rest + chunk).split('\n');
				rest = lines.pop() ?? '';
				for (const line of lines) {
					const event = JSON.parse(line) as { Actor?: { ID?: string } };
					if (event.Actor?.ID) onEnd(event.Actor.ID);
				}
			}
		};
		return { broken: read().catch(() => {}) };
	}

	#labelFilter() {
		return { label: [`${INSTANCE_LABEL}=${this.instance}`] };
	}

	#ours(): string {
		return JSON.stringify(this.#labelFilter());
	}
}
