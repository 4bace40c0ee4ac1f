// What a judge needs of a sandbox: a clean machine with a Docker daemon, reached by commands.

import type { SubmittedFile } from '@containrlab/protocol/sandbox.ts';

export interface ExecOptions {
	/** After this the command and all it started are killed, and `exitCode` is null. */
	timeoutMs: number;
	/** Sees every byte as it comes, also those that the collected output leaves out. */
	onOutput?: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void;
	/** Kills the command; the call then rejects with the signal's reason. */
	signal?: AbortSignal;
	/** Bound of each collected stream, in bytes. */
	maxOutput?: number;
}

export interface ExecOutcome {
	exitCode: number | null;
	stdout: string;
	stderr: string;
	truncated: boolean;
}

export interface Sandbox {
	/** Runs in /workspace. A command that fails is a value; a rejection means that the sandbox did. */
	exec(command: readonly string[], options: ExecOptions): Promise<ExecOutcome>;
	/** Places files under /workspace; throws before writing when a path leaves it. */
	putFiles(files: readonly SubmittedFile[], options?: { signal?: AbortSignal }): Promise<void>;
}

/** The fault is ours: the run ends in an `error` verdict, never in a failed one. */
export class InfrastructureError extends Error {
	readonly code: string;
	constructor(code: string, message: string, options?: ErrorOptions) {
		super(message, options);
		this.name = 'InfrastructureError';
		this.code = code;
	}
}
