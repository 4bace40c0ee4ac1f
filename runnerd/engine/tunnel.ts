// An engine on another machine, as a socket on this one: the system's own ssh forwards it, so that
// its keys, agent, configuration and known hosts are what counts. Forwarded sockets are many over one
// connection, which sshd's limit on sessions doesn't touch.

import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineAddress, EnginePlace, SshPlace } from './address.ts';
import type { Log } from '../log.ts';

const CONNECT_SECONDS = 15;
const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 15_000;
/** Of what ssh says of its failure. */
const SAID_LENGTH = 2000;

/** Named by the process, so that a later one knows whose it is. */
const DIRECTORY = 'containrlab-engine-';
const NAMED = new RegExp(`^${DIRECTORY}(\\d+)-`);

/** Over there: says that the forward stands, then lives as long as we hold its input. */
const REMOTE = 'echo forwarded && exec cat > /dev/null';

/** The address to connect to; for ssh, of a tunnel that comes back by itself until it is closed. */
export async function reachEngine(
	place: EnginePlace,
	log: Log,
): Promise<{ address: EngineAddress; close(): Promise<void> }> {
	if (!('protocol' in place) || place.protocol !== 'ssh') {
		return { address: place, close: async () => {} };
	}
	const tunnel = await Tunnel.dig(place, log);
	return { address: { socketPath: tunnel.socket }, close: () => tunnel.close() };
}

class Tunnel {
	readonly socket: string;
	#place: SshPlace;
	#log: Log;
	#directory: string;
	#closed = new AbortController();
	#running: Promise<void>;
	/** For a process that ends without `close`. */
	#forget = () => rmSync(this.#directory, { recursive: true, force: true });
	/** Whether what is known of the connection was told. */
	#told: 'up' | 'down' | undefined;

	private constructor(place: SshPlace, directory: string, log: Log) {
		this.#place = place;
		this.#directory = directory;
		this.#log = log;
		this.socket = join(directory, 'engine.sock');
		this.#running = Promise.resolve();
		process.once('exit', this.#forget);
	}

	/** Resolves when the first connection stands or failed: who asks the engine then hears which. */
	static async dig(place: SshPlace, log: Log): Promise<Tunnel> {
		const tunnel = new Tunnel(place, await makeDirectory(), log);
		const first = Promise.withResolvers<void>();
		tunnel.#running = tunnel.#run(first.resolve);
		await first.promise;
		return tunnel;
	}

	async close(): Promise<void> {
		this.#closed.abort();
		await this.#running;
		process.off('exit', this.#forget);
		this.#forget();
	}

	async #run(tried: () => void): Promise<void> {
		const { signal } = this.#closed;
		for (let failures = 0; !signal.aborted; failures++) {
			const stood = await this.#connect(tried);
			tried();
			if (stood) failures = 0;
			const wait = Math.min(RETRY_FIRST_MS * 2 ** failures, RETRY_MOST_MS);
			await sleep(wait, undefined, { signal }).catch(() => {});
		}
	}

	/** One life of ssh; true if it came as far as forwarding. */
	async #connect(up: () => void): Promise<boolean> {
		const child = spawn('ssh', this.#arguments(), { stdio: ['pipe', 'pipe', 'pipe'] });
		// Its end is told by 'close'; a write into its end isn't news.
		child.stdin.on('error', () => {});
		let said = '';
		child.stderr.setEncoding('utf8').on('data', (text: string) => {
			said = (said + text).slice(-SAID_LENGTH);
		});
		let stood = false;
		createInterface({ input: child.stdout }).on('line', () => {
			stood = true;
			this.#tell('up', {});
			up();
		});
		const end = () => child.kill();
		this.#closed.signal.addEventListener('abort', end, { once: true });
		if (this.#closed.signal.aborted) end();
		await closed(child).catch((cause: Error) => (said = cause.message));
		this.#closed.signal.removeEventListener('abort', end);
		if (!this.#closed.signal.aborted) this.#tell('down', { said: said.trim() });
		return stood;
	}

	#arguments(): string[] {
		const { destination, port, remoteSocket } = this.#place;
		const options = {
			BatchMode: 'yes',
			ConnectTimeout: CONNECT_SECONDS,
			ControlPath: 'none',
			ExitOnForwardFailure: 'yes',
			ServerAliveInterval: 5,
			ServerAliveCountMax: 3,
			// An earlier connection's socket is still there.
			StreamLocalBindUnlink: 'yes',
			StreamLocalBindMask: '0177',
		};
		return [
			...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
			...(port === undefined ? [] : ['-p', String(port)]),
			...['-T', '-L', `${this.socket}:${remoteSocket}`, '--', destination, REMOTE],
		];
	}

	#tell(state: 'up' | 'down', detail: Record<string, unknown>): void {
		if (this.#told === state) return;
		this.#told = state;
		const { destination } = this.#place;
		if (state === 'up') this.#log.info('the way to the engine stands', { destination });
		else this.#log.warn('the way to the engine is cut', { destination, ...detail });
	}
}

/** Of this process, and in use. */
const directories = new Set<string>();

/** Takes away those of processes that were killed. */
async function makeDirectory(): Promise<string> {
	for (const name of await readdir(tmpdir())) {
		const [, pid] = NAMED.exec(name) ?? [];
		const directory = join(tmpdir(), name);
		if (!pid || directories.has(directory)) continue;
		// In a container every launch may have the same number.
		if (Number(pid) !== process.pid && isAlive(Number(pid))) continue;
		await rm(directory, { recursive: true, force: true }).catch(() => {});
	}
	const made = await mkdtemp(join(tmpdir(), `${DIRECTORY}${process.pid}-`));
	directories.add(made);
	return made;
}

function isAlive(pid: number): boolean {
	try {
		return process.kill(pid, 0);
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === 'EPERM';
	}
}

/** Rejects when there is no ssh to run. */
function closed(child: ChildProcess): Promise<void> {
	return new Promise((resolve, reject) =>
		child.once('close', () => resolve()).once('error', reject),
	);
}
