// The whole product as one object, for tests and benchmarks: the real supervisor as a child process.

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Docker from 'dockerode';
import { placeElsewhere } from '@containrlab/db/embedded-place.ts';
import { NODE_FLAGS } from './services.ts';
import { removeVolumes, stopSandboxes } from './supervise/sandboxes.ts';
import type { Ports } from './setup/ports.ts';

export type StackService = 'sync' | 'runnerd' | 'web' | 'postgres' | 'supervisor';

interface Account {
	email: string;
	password: string;
}

export interface StackUp {
	kind: 'up';
	/** What a browser opens. */
	origin: string;
	ports: Ports;
	instance: string;
	dataDir: string;
	joinCode: string;
	instructor: Account;
	ta: Account;
}

/** What the supervisor tells whoever started it with a channel. */
export type StackMessage =
	| StackUp
	| { kind: 'failed'; message: string }
	| { kind: 'states'; states: { name: string; status: string; pid: number | undefined }[] };

export interface StackOptions {
	dataDir: string;
	/** Tells its sandboxes from other installations'. Default: by the data directory. */
	instance?: string;
	/** Of web; 0 (the default) chooses free ones, the same at each start on a data directory. */
	ports?: number;
	env?: Record<string, string>;
	/** As behind `npm start --`. */
	args?: string[];
	/** Sees what the supervisor prints, services' logs included. */
	onOutput?: (line: string) => void;
}

export interface Stack extends Omit<StackUp, 'kind'>, AsyncDisposable {
	/** As they are now; undefined while a service is between two lives. */
	readonly pids: Record<StackService, number | undefined>;
	/** Sends a signal to a service's own process (Postgres: the postmaster), SIGKILL by default. */
	kill(service: StackService, signal?: NodeJS.Signals): void;
	/** Resolves once a service (again) is ready as another process than `previous`. */
	ready(service: Exclude<StackService, 'supervisor'>, previous?: number): Promise<number>;
	/** Resolves when the supervisor is gone. */
	readonly ended: Promise<void>;
	/** As Ctrl-C does; the data stays. */
	stop(): Promise<void>;
	/** Stops, and removes the data, the sandboxes and their volumes. */
	remove(): Promise<void>;
}

export async function startStack(options: StackOptions): Promise<Stack> {
	const child = fork(fileURLToPath(new URL('./start.ts', import.meta.url)), options.args ?? [], {
		execArgv: NODE_FLAGS,
		detached: true,
		stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
		env: {
			...process.env,
			CONTAINRLAB_DATA: options.dataDir,
			CONTAINRLAB_PORT: String(options.ports ?? 0),
			...(options.instance && { CONTAINRLAB_INSTANCE: options.instance }),
			...options.env,
		},
	});
	const tail = collect(child, options.onOutput);
	const states = new Map<string, { status: string; pid: number | undefined }>();
	const up = Promise.withResolvers<StackUp>();
	child.on('message', (message: StackMessage) => {
		if (message.kind === 'up') up.resolve(message);
		else if (message.kind === 'failed') up.reject(new Error(`${message.message}\n${tail()}`));
		else for (const { name, ...state } of message.states) states.set(name, state);
	});
	const ended = once(child, 'exit').then(() => {
		up.reject(new Error(`The supervisor ended:\n${tail()}`));
		states.clear();
	});
	return describe(child, states, await up.promise, ended);
}

function describe(
	child: ChildProcess,
	states: Map<string, { status: string; pid: number | undefined }>,
	{ kind: _, ...up }: StackUp,
	ended: Promise<void>,
): Stack {
	const pidOf = (service: StackService) =>
		service === 'supervisor' ? alive(child) : states.get(service)?.pid;
	const stop = async () => {
		if (alive(child)) child.kill('SIGTERM');
		await ended;
	};
	return {
		...up,
		ended,
		get pids() {
			const names = ['sync', 'runnerd', 'web', 'postgres', 'supervisor'] as const;
			return Object.fromEntries(names.map((name) => [name, pidOf(name)])) as Stack['pids'];
		},
		kill(service, signal = 'SIGKILL') {
			const pid = pidOf(service);
			if (pid === undefined) throw new Error(`${service} isn't running`);
			process.kill(pid, signal);
		},
		async ready(service, previous) {
			for (let waited = 0; waited < 60_000; waited += 20) {
				const state = states.get(service);
				if (state?.status === 'ready' && state.pid && state.pid !== previous) return state.pid;
				await delay(20);
			}
			throw new Error(`${service} was not ready again within 60 s`);
		},
		stop,
		async remove() {
			await stop();
			const docker = new Docker();
			await stopSandboxes(docker, up.instance);
			await removeVolumes(docker, up.instance);
			for (const path of [up.dataDir, placeElsewhere(join(up.dataDir, 'postgres'))]) {
				await rm(path, { recursive: true, force: true });
			}
		},
		[Symbol.asyncDispose]: stop,
	};
}

const alive = (child: ChildProcess): number | undefined =>
	child.exitCode === null && child.signalCode === null ? child.pid : undefined;

/** Hands lines on, and keeps the last of them for the message of an error. */
function collect(child: ChildProcess, onOutput: ((line: string) => void) | undefined) {
	const recent: string[] = [];
	for (const stream of [child.stdout, child.stderr]) {
		let rest = '';
		stream?.setEncoding('utf8').on('data', (chunk: string) => {
			const lines = (rest + chunk).split('\n');
			rest = lines.pop() ?? '';
			for (const line of lines) {
				onOutput?.(line);
				recent.push(line);
				if (recent.length > 60) recent.shift();
			}
		});
	}
	return () => recent.join('\n');
}
