// The servers that are measured, each a process of its own: ours always with its Postgres.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '@containrlab/db/embedded.ts';
import { newId } from '@containrlab/protocol/id.ts';
import { ACK_PARAMETER } from '@containrlab/protocol/sync.ts';
import { ROOT } from '../../setup/data-dir.ts';
import type { Dialect, Door } from './client.ts';
import { end, forkHere } from './processes.ts';
import type { World } from './world.ts';

export interface Server extends AsyncDisposable {
	readonly pid: number;
	/** Rooms that nobody was in yet. */
	rooms(count: number): Promise<string[]>;
	/** The way in for one more client. */
	door(room: string): Promise<Door>;
	/** Without a word to anybody, as a crash does it. */
	kill(): Promise<void>;
}

export interface Contestant {
	name: string;
	/** `store`: where it keeps documents; a later start finds them there. */
	start(world: World, store?: string): Promise<Server>;
}

/** Our connections are of so many users, as a class's are. */
const USERS = 400;

/** As services.ts starts it; a directory in BENCH_PROFILE is given its CPU profiles. */
const PROFILES = process.env['BENCH_PROFILE'];
const FLAGS = [
	'--max-semi-space-size=16',
	...(PROFILES ? ['--cpu-prof', `--cpu-prof-dir=${PROFILES}`] : []),
];

export const ours: Contestant = {
	name: 'ours',
	async start(world) {
		const child = spawn(process.execPath, [...FLAGS, join(ROOT, 'sync', 'main.ts')], {
			env: {
				PATH: process.env['PATH'],
				SYNC_LISTEN: '127.0.0.1:0',
				DATABASE_URL: world.databaseUrl,
				TICKET_PUBLIC_KEY_FILE: join(world.dir, 'public.pem'),
				SYNC_TOKEN_FILE: join(world.dir, 'token'),
				EXIT_WITH_PARENT: '1',
			},
			stdio: ['pipe', 'pipe', 'inherit'],
		});
		const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
		const origin = line.replace('ready http', 'ws');
		let connections = 0;
		const door = async (room: string) => {
			const ticket = await world.ticket(room, `user-${(connections += 1) % USERS}`);
			return describe(`${origin}/${room}?${ACK_PARAMETER}=1&ticket=${ticket}`, room, 'yjs');
		};
		const server = serverOf(child, door, (count) => world.rooms(count));
		// A profile is written by a process that ends by itself.
		if (!PROFILES) return server;
		const finish = async () => {
			child.kill('SIGTERM');
			await once(child, 'exit');
		};
		return { ...server, [Symbol.asyncDispose]: finish };
	},
};

const yWebsocketOn = (persistent: boolean): Contestant => ({
	name: persistent ? 'y-websocket with LevelDB' : 'y-websocket',
	async start(world, store) {
		const port = await freePort();
		const { child } = await forkHere('./peers/y-websocket.ts', {
			HOST: '127.0.0.1',
			PORT: String(port),
			...(persistent && { YPERSISTENCE: store ?? (await world.fresh()) }),
		});
		return peerOf(child, port, 'yjs');
	},
});
export const yWebsocket = yWebsocketOn(false);
export const yWebsocketLevel = yWebsocketOn(true);

const hocuspocusOn = (persistent: boolean): Contestant => ({
	name: persistent ? 'Hocuspocus with Postgres' : 'Hocuspocus',
	async start(world) {
		const { child, first: port } = await forkHere<number>(
			'./peers/hocuspocus.ts',
			persistent ? { DATABASE_URL: world.databaseUrl } : {},
		);
		return peerOf(child, port, 'hocuspocus');
	},
});
export const hocuspocus = hocuspocusOn(false);
export const hocuspocusPostgres = hocuspocusOn(true);

export const bare: Contestant = {
	name: 'bare ws',
	async start() {
		const { child, first: port } = await forkHere<number>('./peers/bare.ts');
		return peerOf(child, port, 'bare');
	},
};

function peerOf(child: ChildProcess, port: number, dialect: Dialect): Server {
	const door = async (room: string) =>
		describe(`ws://127.0.0.1:${port}/${dialect === 'hocuspocus' ? '' : room}`, room, dialect);
	return serverOf(child, door, async (count) => Array.from({ length: count }, () => newId()));
}

const describe = (address: string, room: string, dialect: Dialect): Door => ({
	address,
	room,
	dialect,
});

function serverOf(
	child: ChildProcess,
	door: Server['door'],
	rooms: (count: number) => Promise<string[]>,
): Server {
	const kill = () => end(child);
	return { pid: child.pid!, rooms, door, kill, [Symbol.asyncDispose]: kill };
}
