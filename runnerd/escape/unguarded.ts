// Sandboxes that lack a guard, and the world that such a one would reach: a neighbour on
// Docker's network, its files, processes and memory. All of it is the test's own and goes with it.

import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import type { ContainerCreateOptions } from 'dockerode';
import { newId } from '@containrlab/protocol/id.ts';
import { DEFAULT_LIMITS } from '@containrlab/protocol/sandbox.ts';
import { INSTANCE_LABEL } from '../engine/helper.ts';
import type { TestInstance } from '../sandboxes/testing.ts';
import { testImages, until } from '../sandboxes/testing.ts';
import { cgroupParent, containerOptions } from '../sandboxes/spec.ts';
import type { Change, World } from './guards.ts';

const run = promisify(execFile);
const docker = async (...args: string[]): Promise<string> =>
	(await run('docker', args)).stdout.trim();

/** Users that no sandbox of a test's runnerd gets: those are handed out from the first on. */
const NEIGHBOUR_UID = 20_500;
export const UNGUARDED_UID = 20_501;
const METADATA = '169.254.169.254';

/** What the attempts must know to aim; see attempts/base.py. */
export type Facts = {
	token: string;
	memoryKey: number;
	otherUid: number;
	engineRoot: string;
	engineId: string;
	engineSocket: string;
	neighbour: string;
	hostAddresses: string[];
	hostPort: number;
};

/** Holds what a neighbour holds: a port, the metadata address, a process, memory, a file. */
const NEIGHBOUR = `
import ctypes, socket, sys, threading
token, key = sys.argv[1], int(sys.argv[2])
assert ctypes.CDLL(None).shmget(key, 4096, 0o1600) >= 0
servers = [socket.create_server(('', port)) for port in (80, 9000)]
def serve(server):
    while True:
        client, _ = server.accept()
        client.sendall(token.encode())
        client.close()
for server in servers:
    threading.Thread(target=serve, args=(server,)).start()
print('up', flush=True)`;

export class UnguardedWorld implements AsyncDisposable {
	facts: Facts;
	readonly world: World;
	#instance: TestInstance;
	#servers: Server[];

	private constructor(instance: TestInstance, facts: Facts, world: World, servers: Server[]) {
		this.#instance = instance;
		this.facts = facts;
		this.world = world;
		this.#servers = servers;
	}

	static async create(instance: TestInstance): Promise<UnguardedWorld> {
		const token = `escape-${newId(12)}`;
		const [engineId = '', engineRoot = ''] = (
			await docker('info', '--format', '{{.ID}} {{.DockerRootDir}}')
		).split(' ');
		const memoryKey = Math.floor(Math.random() * 2 ** 30) + 1;
		const hello = createServer((socket) => socket.on('error', () => {}).end(token));
		const abstract = createServer((socket) => socket.on('error', () => {}).end(token));
		await Promise.all([
			listen(hello, { host: '0.0.0.0' }),
			listen(abstract, { path: `\0${token}` }),
		]);
		const world: World = {
			neighbour: `${instance.name}-sb-neighbour`,
			neighbourVolume: `${instance.name}-sb-neighbour`,
			neighbourUid: NEIGHBOUR_UID,
			store: `${instance.name}-sb-store`,
			looseImage: `${instance.name}-loose`,
			engineSocket: '/var/run/docker.sock',
		};
		const facts: Facts = {
			token,
			memoryKey,
			otherUid: NEIGHBOUR_UID,
			engineRoot,
			engineId,
			engineSocket: world.engineSocket,
			neighbour: '',
			hostAddresses: ['127.0.0.1', ...ownAddresses()],
			hostPort: (hello.address() as { port: number }).port,
		};
		const made = new UnguardedWorld(instance, facts, world, [hello, abstract]);
		try {
			// All come to their end, or what one still makes would be left behind.
			const parts = [made.#neighbour(), made.#looseImage(), made.#store()];
			for (const part of await Promise.allSettled(parts)) {
				if (part.status === 'rejected') throw part.reason;
			}
			return made;
		} catch (error) {
			await made[Symbol.asyncDispose]();
			throw error;
		}
	}

	async #neighbour(): Promise<void> {
		const { neighbour, neighbourUid } = this.world;
		const id = await startLike(this.#instance, neighbour, neighbourUid, (options) => ({
			...options,
			NetworkDisabled: false,
			HostConfig: { ...options.HostConfig, IpcMode: 'shareable', NetworkMode: 'bridge' },
			Entrypoint: ['python3', '-c', NEIGHBOUR, this.facts.token, String(this.facts.memoryKey)],
		}));
		await until('the neighbour is up', async () => (await docker('logs', id)).includes('up'));
		const inspect = '{{.NetworkSettings.IPAddress}} {{.NetworkSettings.Gateway}}';
		const [address = '', gateway = ''] = (await docker('inspect', '-f', inspect, id)).split(' ');
		this.facts.neighbour = address;
		this.facts.hostAddresses.push(gateway);
		await this.#beMetadataService(id);
		// A new volume is its student's, whose root is this user of the host.
		await docker('exec', '--user', '100000', id, 'touch', `/volume/${this.facts.token}`);
	}

	/** Gives a container the address at which clouds tell their machines' secrets. */
	async #beMetadataService(id: string): Promise<void> {
		const helper = `run --rm --user 0 --cap-add NET_ADMIN --network container:${id} --entrypoint ip`;
		const { image } = testImages();
		await docker(...helper.split(' '), image, 'addr', 'add', `${METADATA}/32`, 'dev', 'lo');
	}

	/** The sandbox's image less care: a setuid program, one with capabilities, others' ids to map. */
	async #looseImage(): Promise<void> {
		const spoil =
			'chmod u+s /usr/bin/cat; setcap cap_net_raw+ep /usr/bin/head; ' +
			`sed -i '1i sbx${UNGUARDED_UID}:${NEIGHBOUR_UID}:1' /etc/subuid`;
		const { image } = testImages();
		const ours = ['--label', `${INSTANCE_LABEL}=${this.#instance.name}`];
		const id = await docker('create', ...ours, '--user=0', '--entrypoint=sh', image, '-c', spoil);
		try {
			await docker('start', '--attach', id);
			await docker('commit', id, this.world.looseImage);
		} finally {
			await docker('rm', '--force', id);
		}
	}

	async #store(): Promise<void> {
		// A new volume at /volume gets the owner that the shared images have, and keeps it once used.
		const id = await startLike(this.#instance, this.world.store, UNGUARDED_UID);
		await docker('exec', '--user', '100000', id, 'mkdir', '/volume/current');
		await this.#instance.engine.removeContainer(id);
	}

	startWithout(changes: readonly Change[]): Promise<string> {
		const name = `${this.#instance.name}-sb-${newId(8)}`;
		return startLike(this.#instance, name, UNGUARDED_UID, (options) =>
			changes.reduce((changed, change) => change.apply(changed, this.world), options),
		);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		for (const server of this.#servers) server.close();
		for (const { id } of await this.#instance.engine.containers()) {
			await this.#instance.engine.removeContainer(id);
		}
		await docker('image', 'rm', '--force', this.world.looseImage);
	}
}

/** A container with a sandbox's options but for one change, and with a volume of its own name. */
export async function startLike(
	{ engine }: TestInstance,
	name: string,
	uid: number,
	change: (options: ContainerCreateOptions) => ContainerCreateOptions = (options) => options,
): Promise<string> {
	const { cgroupDriver } = await engine.info();
	await engine.createVolume(name);
	const options = containerOptions({
		id: newId(12),
		name,
		purpose: 'pool',
		...testImages(),
		volume: name,
		uid,
		limits: DEFAULT_LIMITS,
		cgroupParent: cgroupParent(cgroupDriver),
	});
	return engine.startContainer(change({ ...options, Entrypoint: ['sleep', '600'] }));
}

async function listen(server: Server, where: { host: string } | { path: string }): Promise<void> {
	await new Promise<void>((resolve, reject) =>
		server.once('error', reject).listen('path' in where ? where : { ...where, port: 0 }, resolve),
	);
}

/** Where this machine is reached, Docker's bridge among it, even while that is down. */
function ownAddresses(): string[] {
	const seen = Object.values(networkInterfaces())
		.flatMap((list) => list ?? [])
		.filter(({ family, internal }) => family === 'IPv4' && !internal)
		.map(({ address }) => address);
	return [...new Set([...seen, '172.17.0.1'])];
}
