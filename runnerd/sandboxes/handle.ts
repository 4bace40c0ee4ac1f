// What the rest of runnerd may do with one running sandbox; engine and lifecycle stay behind it.

import type { Duplex } from 'node:stream';
import type { SandboxLimits, SubmittedFile } from '@containrlab/protocol/sandbox.ts';

export type OutputStream = 'stdout' | 'stderr';

export type ExecOptions = {
	/** After this the command and all it started are killed, and `exitCode` is null. */
	timeoutMs: number;
	/** Absolute; `/workspace` unless given. */
	cwd?: string;
	env?: Record<string, string>;
	stdin?: Uint8Array | string;
	/** Sees every byte, also those beyond the bound of the collected output. */
	onOutput?: (stream: OutputStream, chunk: Buffer) => void;
	/** Kills the command; the call then rejects with the signal's reason. */
	signal?: AbortSignal;
	/** Bound of each collected stream, in bytes; 1 MiB unless given. */
	maxOutput?: number;
};

export type ExecOutcome = {
	/** null when the time ran out. */
	exitCode: number | null;
	stdout: string;
	stderr: string;
	/** Some output was left out of `stdout` or `stderr`. */
	truncated: boolean;
};

export interface SandboxHandle {
	/** The container's id. */
	readonly id: string;
	/** The sandbox's own uid on the engine's host. */
	readonly uid: number;
	/**
	 * Runs a command as the student, who is root of the sandbox's own namespaces. A command that fails
	 * is a value; rejects with `SandboxError` when the sandbox or the engine is at fault.
	 */
	exec(command: readonly string[], options: ExecOptions): Promise<ExecOutcome>;
	/**
	 * Places files under /workspace, replacing what is there by the same name. Throws before anything
	 * is written when a path leaves the workspace.
	 */
	putFiles(files: readonly SubmittedFile[], options?: { signal?: AbortSignal }): Promise<void>;
}

/** Removed with its volume when it is disposed, whatever happened inside. */
export interface JudgeSandbox extends SandboxHandle, AsyncDisposable {}

export type TrialOptions = {
	/** Has the sockets of another mirror than usual; undefined: of the usual one. */
	mirror: string | undefined;
};

/** A new one, whose start and disk are looked at too. */
export interface TrialSandbox extends JudgeSandbox {
	readonly volume: string;
	/** From nothing to a daemon that answers; undefined for one that was warm. */
	readonly bootMs: number | undefined;
}

/** What a preflight asks of sandboxes. */
export interface TrialSource {
	/** A clean sandbox, with the usual mirror unless another is named. */
	trial(
		limits: SandboxLimits,
		options: TrialOptions & { signal: AbortSignal },
	): Promise<TrialSandbox>;
	/** Students' sandboxes that fit at once, when each comes to need `memory` bytes. */
	places(memory: number): Promise<number>;
	/** What a volume holds, and what is free beside it; bytes. */
	measure(volume: string): Promise<{ bytes: number | undefined; free: number }>;
}

export interface SandboxSource {
	/**
	 * A clean sandbox with an empty /workspace, and the usual limits unless others are named; waits its
	 * turn behind the students' starts.
	 */
	acquire(
		purpose: 'judge',
		options: { limits?: SandboxLimits; signal: AbortSignal },
	): Promise<JudgeSandbox>;
	/** The sandbox of a workspace, while it runs. */
	get(workspace: string): SandboxHandle | undefined;
	/** A byte stream to the agent of a workspace's sandbox; a new one at each call. */
	openAgent(workspace: string): Promise<Duplex>;
}

export type SandboxErrorCode =
	/** The engine doesn't answer. */
	| 'engine-unreachable'
	/** The sandbox ended, or was removed behind our back. */
	| 'sandbox-lost'
	/** It didn't come up. */
	| 'start-failed'
	/** No room for one more; try again later. */
	| 'no-capacity'
	/** The engine doesn't hold sandboxes as it must; none is handed out until that is mended. */
	| 'unsafe-engine';

/** The fault is ours, never the student's; its `cause` is for the log. */
export class SandboxError extends Error {
	readonly code: SandboxErrorCode;
	constructor(code: SandboxErrorCode, message: string, options?: ErrorOptions) {
		super(message, options);
		this.name = 'SandboxError';
		this.code = code;
	}
}
