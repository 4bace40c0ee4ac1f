// Containers of the judged image: the one that all checks look at, and others that one check may stop,
// freeze or start otherwise.

import {
	containerEnd,
	type ContainerEnd,
	type Listener,
	listenersOf,
	startAgain,
	startContainer,
	type Started,
} from './container.ts';
import { type Health, readHealth, stop, type Stopped, type StopOptions } from './container-life.ts';
import { freeze, measureProcesses, type Process } from './processes.ts';
import { type Answer, type Asked, request } from './request.ts';
import type { Sandbox } from './sandbox.ts';

/** How one is started. */
export interface How {
	/** For `docker run`. */
	flags?: readonly string[];
	/** The wait ends early when it listens here. */
	port?: number | undefined;
	/** Milliseconds that are waited otherwise. */
	stayUpMs: number;
}

export interface Container extends AsyncDisposable {
	readonly started: Started;
	/** Milliseconds since it was started. */
	sinceStart(): number;
	ask(asked: Asked): Promise<Answer>;
	/** How it is now, with the end of its output. */
	end(): Promise<ContainerEnd>;
	/** Where it listens now. */
	listeners(): Promise<Listener[]>;
	/** What runs in it. */
	processes(): Promise<Process[]>;
	health(): Promise<Health>;
	/** Holds the app's own processes, not those of a health check. */
	freeze(): Promise<void>;
	stop(options: StopOptions): Promise<Stopped>;
	/** Kills it and starts it anew. */
	again(): Promise<Started>;
}

export interface Surroundings {
	sandbox: Sandbox;
	now: () => number;
	signal?: AbortSignal;
	onAnswer?: (sinceStart: number) => void;
}

const REMOVE = 'docker rm --force --volumes "$1" >/dev/null';

/** `published`: asked where its ports are published, as from outside, and not at its own address. */
export async function openContainer(
	{ sandbox, now, signal, onAnswer }: Surroundings,
	{ name, published, flags = [], ...how }: How & { name: string; published: boolean },
): Promise<Container> {
	const signalled = signal ? { signal } : {};
	const starting = { ...how, port: how.port, name, now, ...signalled };
	let started = await startContainer(sandbox, { ...starting, flags });
	const running = () => {
		if (started.status !== 'running') throw new Error('asked a container that never ran');
		return started;
	};
	const sinceStart = () => (started.status === 'running' ? now() - started.startedAt : 0);
	return {
		get started() {
			return started;
		},
		sinceStart,
		ask: async (asked) => {
			const { pid, address } = running();
			const host = published ? '127.0.0.1' : address;
			const answer = await request(sandbox, { ...asked, pid, host, ...signalled });
			if (answer.status === 'answered') onAnswer?.(sinceStart());
			return answer;
		},
		end: () => {
			const pid = started.status === 'running' ? started.pid : 0;
			return containerEnd(sandbox, { name, pid, ...signalled });
		},
		listeners: () => listenersOf(sandbox, running().pid, signal),
		processes: () => measureProcesses(sandbox, running().pid, signal),
		health: () => readHealth(sandbox, name, signal),
		freeze: () => freeze(sandbox, running().pid, signal),
		stop: (options) => stop(sandbox, name, running(), options, signal),
		again: async () => {
			started = await startAgain(sandbox, starting);
			return started;
		},
		[Symbol.asyncDispose]: async () => {
			// What it leaves goes with the sandbox; one that is lost is noticed by whoever needs it next.
			await sandbox
				.exec(['sh', '-c', REMOVE, 'remove', name], { timeoutMs: 30_000 })
				.catch(() => {});
		},
	};
}
