// For tests: an engine of one's own beside the machine's, which may be ended and begun again.

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { until } from '../sandboxes/testing.ts';

const run = promisify(execFile);
/** To load an image, or to end all containers first. */
const PATIENCE_MS = 120_000;

/** Needs root and Debian's dockerd; in a network namespace of its own it touches no rule of ours. */
export class SecondEngine implements AsyncDisposable {
	readonly #directory: string;
	#daemon: ChildProcess | undefined;

	private constructor(directory: string) {
		this.#directory = directory;
	}

	static async start(): Promise<SecondEngine> {
		const engine = new SecondEngine(await mkdtemp(join(tmpdir(), 'engine-')));
		await engine.begin();
		return engine;
	}

	get socket(): string {
		return join(this.#directory, 'docker.sock');
	}

	get host(): string {
		return `unix://${this.socket}`;
	}

	async begin(): Promise<void> {
		const at = (name: string) => join(this.#directory, name);
		const daemon = spawn(
			'unshare',
			[
				...['--net', 'dockerd', '--host', this.host, '--pidfile', at('pid')],
				...['--data-root', at('data'), '--exec-root', at('run')],
			],
			{ stdio: 'ignore' },
		);
		const failed = Promise.race([
			once(daemon, 'error').then(([cause]) => Promise.reject(cause as Error)),
			once(daemon, 'exit').then(() => Promise.reject(new Error('the second engine ended'))),
		]);
		failed.catch(() => {});
		this.#daemon = daemon;
		const answers = () => this.#docker('version').catch(() => undefined);
		await Promise.race([until('the second engine', answers, PATIENCE_MS), failed]);
	}

	/** From the machine's engine. */
	async load(image: string): Promise<void> {
		const save = spawn('docker', ['save', image], { stdio: ['ignore', 'pipe', 'inherit'] });
		const load = spawn('docker', ['--host', this.host, 'load'], {
			stdio: ['pipe', 'ignore', 'inherit'],
		});
		const loaded = once(load, 'exit');
		await pipeline(save.stdout, load.stdin);
		const [code] = (await loaded) as [number | null];
		if (code !== 0) throw new Error(`${image} could not be loaded`);
	}

	/** Ends it: told to, it ends its containers first; killed, the next one finds them running. */
	async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
		const daemon = this.#daemon!;
		if (daemon.exitCode !== null || daemon.signalCode !== null) return;
		const pid = Number(
			await readFile(join(this.#directory, 'run/containerd/containerd.pid'), 'utf8'),
		);
		const ended = once(daemon, 'exit');
		daemon.kill(signal);
		await ended;
		// A moment longer than a killed one lives its containerd, which the next would take for its own.
		await until('its containerd’s end', () => !isAlive(pid), PATIENCE_MS);
	}

	#docker(...words: string[]) {
		return run('docker', ['--host', this.host, ...words]);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.end('SIGTERM');
		const data = join(this.#directory, 'data');
		// A killed one leaves it mounted on itself.
		await run('umount', [data]).catch(() => {});
		await rm(this.#directory, { recursive: true, force: true });
	}
}

function isAlive(pid: number): boolean {
	try {
		return process.kill(pid, 0);
	} catch {
		return false;
	}
}
