// One running sandbox: commands and files inside it. Commands enter as the sandbox's own host uid
// and become root of its own namespaces there; nothing ever runs as the host's root.

import type { Duplex } from 'node:stream';
import { newId } from '@containrlab/protocol/id.ts';
import type { SubmittedFile } from '@containrlab/protocol/sandbox.ts';
import { BoundedOutput } from '../engine/streams.ts';
import type { Engine } from '../engine/engine.ts';
import { SandboxError, type ExecOptions, type ExecOutcome } from './handle.ts';
import type { SandboxHandle } from './handle.ts';
import { packFiles } from './files.ts';

const OUTPUT_BYTES = 1024 * 1024;
/** After a command was killed its stream ends by itself, unless the engine is in trouble. */
const KILL_GRACE_MS = 10_000;
const PUT_FILES_MS = 60_000;

export type BoxFacts = { id: string; uid: number; volume: string; sandbox: string };

export class Box implements SandboxHandle {
	/** The container's id. */
	readonly id: string;
	readonly uid: number;
	readonly volume: string;
	/** Our own id, from which its names are made. */
	readonly sandbox: string;
	#engine: Engine;

	constructor(engine: Engine, facts: BoxFacts) {
		this.#engine = engine;
		this.id = facts.id;
		this.uid = facts.uid;
		this.volume = facts.volume;
		this.sandbox = facts.sandbox;
	}

	async exec(command: readonly string[], options: ExecOptions): Promise<ExecOutcome> {
		options.signal?.throwIfAborted();
		const token = newId();
		const output = {
			stdout: new BoundedOutput(options.maxOutput ?? OUTPUT_BYTES),
			stderr: new BoundedOutput(options.maxOutput ?? OUTPUT_BYTES),
		};
		using limit = new KillTimer(options, async () => void (await this.#enter(['sbx-kill', token])));
		// The sandbox ends the command by itself a little later, should we not be there to do it.
		const seconds = String(Math.ceil(options.timeoutMs / 1000) + 5);
		const exitCode = await this.#engine.exec(this.id, {
			user: String(this.uid),
			command: ['sbx-enter', 'sbx-run', token, seconds, options.cwd ?? '/workspace', ...command],
			onOutput: (stream, chunk) => {
				output[stream].push(chunk);
				options.onOutput?.(stream, chunk);
			},
			signal: limit.gaveUp,
			...(options.env && { env: options.env }),
			...(options.stdin !== undefined && { stdin: options.stdin }),
		});
		options.signal?.throwIfAborted();
		if (exitCode === 137 && !(await this.#engine.isRunning(this.id))) {
			throw new SandboxError('sandbox-lost', 'the sandbox ended during a command');
		}
		return {
			exitCode: limit.timedOut ? null : exitCode,
			stdout: output.stdout.toString(),
			stderr: output.stderr.toString(),
			truncated: output.stdout.truncated || output.stderr.truncated,
		};
	}

	async putFiles(
		files: readonly SubmittedFile[],
		{ signal }: { signal?: AbortSignal } = {},
	): Promise<void> {
		const archive = await packFiles(files);
		const result = await this.exec(['tar', '-xpf', '-', '--no-same-owner'], {
			timeoutMs: PUT_FILES_MS,
			stdin: archive,
			...(signal && { signal }),
		});
		if (result.exitCode === 0) return;
		throw new SandboxError('start-failed', `files could not be placed: ${result.stderr.trim()}`);
	}

	openAgent(): Promise<Duplex> {
		return this.#engine.open(this.id, String(this.uid), ['sbx-enter', 'sbx-agent-connect']);
	}

	/** Resolves when the daemon and the agent answer. */
	async ready(seconds: number, signal: AbortSignal): Promise<void> {
		const exitCode = await this.#engine.exec(this.id, {
			user: String(this.uid),
			command: ['sbx-ready', String(seconds)],
			onOutput: () => {},
			signal: AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000 + 5000)]),
		});
		if (exitCode === 0) return;
		const log = await this.#engine.logTail(this.id);
		throw new SandboxError('start-failed', `the sandbox did not come up: ${log.trim()}`);
	}

	/** Whether a command gets in, and can start others. */
	async canEnter(): Promise<boolean> {
		const several = 'for n in 1 2 3 4 5 6 7 8; do sleep 0.1 & done; wait';
		return (await this.#enter(['sh', '-c', several])) === 0;
	}

	/** Ends all that the student runs, for a sandbox so full of processes that nothing enters it. */
	async relieve(): Promise<void> {
		const exitCode = await this.#outside(['sbx-relieve']);
		if (exitCode === 0) return;
		throw new SandboxError('sandbox-lost', `what fills it was not ended: ${exitCode}`);
	}

	#enter(command: readonly string[]): Promise<number> {
		return this.#outside(['sbx-enter', ...command]);
	}

	#outside(command: readonly string[]): Promise<number> {
		return this.#engine.exec(this.id, {
			user: String(this.uid),
			command,
			onOutput: () => {},
			signal: AbortSignal.timeout(KILL_GRACE_MS),
		});
	}
}

/** Kills a command when its time is up or its caller lost interest; then stops waiting for it. */
class KillTimer implements Disposable {
	timedOut = false;
	readonly gaveUp: AbortSignal;
	#giveUp = new AbortController();
	#timer: NodeJS.Timeout;
	#grace: NodeJS.Timeout | undefined;
	#kill: () => Promise<void>;
	#signal: AbortSignal | undefined;
	#onAbort = () => this.#end();

	constructor({ timeoutMs, signal }: ExecOptions, kill: () => Promise<void>) {
		this.#kill = kill;
		this.#signal = signal;
		this.gaveUp = this.#giveUp.signal;
		this.#timer = setTimeout(() => {
			this.timedOut = true;
			this.#end();
		}, timeoutMs);
		signal?.addEventListener('abort', this.#onAbort, { once: true });
	}

	#end(): void {
		if (this.#grace) return;
		const giveUp = (cause?: unknown) =>
			this.#giveUp.abort(
				this.#signal?.aborted
					? this.#signal.reason
					: new SandboxError('sandbox-lost', 'a command could not be ended', { cause }),
			);
		this.#grace = setTimeout(giveUp, KILL_GRACE_MS);
		this.#kill().catch(giveUp);
	}

	[Symbol.dispose](): void {
		clearTimeout(this.#timer);
		clearTimeout(this.#grace);
		this.#signal?.removeEventListener('abort', this.#onAbort);
	}
}
