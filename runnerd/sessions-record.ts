// What is kept of a workspace's sandbox between launches, and the words for its failures.

import { z } from 'zod';
import { SandboxState, StartSession } from '@containrlab/protocol/sandbox.ts';
import type { SandboxErrorCode } from './sandbox-handle.ts';

export const SessionRecord = z.object({
	/** As web asked for it, the newest ticket included. */
	request: StartSession,
	/** Kept for the workspace's return; null before its first start. */
	volume: z.object({ name: z.string(), uid: z.number().int() }).nullable(),
	/** Present from the moment a sandbox is the workspace's until it was removed. */
	container: z.object({ id: z.string(), sandbox: z.string() }).nullable(),
	state: SandboxState,
	/** When someone last worked in it; milliseconds since the epoch. */
	activeAt: z.number().int(),
});
export type SessionRecord = z.infer<typeof SessionRecord>;

/** For a student: whose fault it isn't, that nothing is lost, what to do. */
export const FAILURE_WORDS: Record<SandboxErrorCode, string> = {
	'engine-unreachable':
		'The machine that runs the sandboxes is not answering. Your files are safe; start the sandbox again in a moment.',
	'sandbox-lost': 'The sandbox stopped while it was starting. Your files are safe; start it again.',
	'start-failed':
		'The sandbox did not start. Your files are safe; try again, and tell your instructor if it happens twice.',
	'no-capacity':
		'All sandboxes are in use just now. Your files are safe; try again in a few minutes.',
};

/** The newest date that there is: a deadline that never comes. */
export const NEVER = 8_640_000_000_000_000;
