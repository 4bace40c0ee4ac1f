// One supervised process: started, known to be ready, started again when it ends unasked, and ended.

import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export interface ServiceSpec {
	name: string;
	command: string[];
	env: Record<string, string>;
	/** Line by line, what it prints. */
	log: (line: string) => void;
	/** How long it may take from SIGTERM to its end. */
	graceMs?: number;
}

export type ServiceState =
	| { status: 'starting'; pid: number }
	| { status: 'ready'; pid: number; ready: string }
	| { status: 'waiting'; again: number }
	| { status: 'stopped' };

/**
 * Where the kernel shares the cores among sessions (autogroup), a service's session counts no more than
 * any other by itself, and a group of sandboxes for some of them. With this it goes first.
 */
const SESSION_NICE = -10;

/** The first restart is immediate, in effect; a service that can't live costs one try in ten seconds. */
export const FIRST_DELAY_MS = 100;
export const LAST_DELAY_MS = 10_000;
/** After so long a life, the next death counts as the first. */
export const HEALTHY_MS = 20_000;

/** How long to wait before the next start, given the delay before this life and its length. */
export function nextDelay(previous: number, livedMs: number): number {
	return livedMs >= HEALTHY_MS ? FIRST_DELAY_MS : Math.min(previous * 2, LAST_DELAY_MS);
}

export class Service extends EventEmitter<{ state: [ServiceState] }> {
	readonly spec: ServiceSpec;
	state: ServiceState = { status: 'stopped' };
	#child: ChildProcess | undefined;
	#delay = FIRST_DELAY_MS / 2;
	#timer: NodeJS.Timeout | undefined;
	#stopping = false;

	constructor(spec: ServiceSpec) {
		super();
		this.spec = spec;
	}

	get pid(): number | undefined {
		return this.#child?.pid;
	}

	start(): void {
		const [program = '', ...args] = this.spec.command;
		const begun = performance.now();
		// Its own session: Ctrl-C reaches us alone, and we end things in order. Its standard input is
		// a pipe that closes when we die, however we die.
		const child = spawn(program, args, {
			env: { ...this.spec.env, EXIT_WITH_PARENT: '1' },
			stdio: ['pipe', 'pipe', 'pipe'],
			detached: true,
		});
		this.#child = child;
		if (child.pid) goFirst(child.pid);
		child.stdin.on('error', () => {});
		child.on('error', (error) => this.spec.log(`could not be started: ${error.message}`));
		createInterface({ input: child.stderr }).on('line', (line) => this.spec.log(line));
		createInterface({ input: child.stdout }).on('line', (line) => {
			this.spec.log(line);
			const ready = /^ready (.*)$/.exec(line)?.[1];
			if (ready !== undefined && child.pid) {
				this.#set({ status: 'ready', pid: child.pid, ready });
			}
		});
		child.on('close', (code, signal) => {
			this.#child = undefined;
			this.#ended(signal ?? `status ${code}`, performance.now() - begun);
		});
		this.#set({ status: 'starting', pid: child.pid ?? 0 });
	}

	/** Resolves when it says that it is ready; rejects when it is stopped first. */
	async ready(timeoutMs: number): Promise<string> {
		const { promise, resolve, reject } = Promise.withResolvers<string>();
		const look = () => {
			if (this.state.status === 'ready') resolve(this.state.ready);
			if (this.state.status === 'stopped') reject(new Error(`${this.spec.name} was stopped`));
		};
		const timer = setTimeout(
			() => reject(new Error(`${this.spec.name} was not ready within ${timeoutMs / 1000} s`)),
			timeoutMs,
		);
		this.on('state', look);
		look();
		try {
			return await promise;
		} finally {
			clearTimeout(timer);
			this.off('state', look);
		}
	}

	/** Asks it to end, insists after its grace, and resolves when it is gone. */
	async stop(): Promise<void> {
		this.#stopping = true;
		clearTimeout(this.#timer);
		const child = this.#child;
		if (!child) return this.#set({ status: 'stopped' });
		const insist = setTimeout(() => child.kill('SIGKILL'), this.spec.graceMs ?? 8_000);
		const { promise, resolve } = Promise.withResolvers<void>();
		child.once('close', () => resolve());
		child.kill('SIGTERM');
		await promise;
		clearTimeout(insist);
	}

	#ended(how: string, livedMs: number): void {
		if (this.#stopping) return this.#set({ status: 'stopped' });
		this.#delay = nextDelay(this.#delay, livedMs);
		this.spec.log(`ended (${how}), starts again in ${this.#delay} ms`);
		this.#timer = setTimeout(() => this.start(), this.#delay);
		this.#set({ status: 'waiting', again: this.#delay });
	}

	#set(state: ServiceState): void {
		this.state = state;
		this.emit('state', state);
	}
}

function goFirst(pid: number): void {
	try {
		writeFileSync(`/proc/${pid}/autogroup`, String(SESSION_NICE));
	} catch {
		// Only root may, and not every kernel has sessions for groups.
	}
}
