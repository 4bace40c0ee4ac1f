// What is kept of a workspace's sandbox between launches, and the words for its failures.

import { z } from 'zod';
import { SandboxState, StartSession } from '@containrlab/protocol/sandbox.ts';
import type { SandboxErrorCode } from '../sandboxes/handle.ts';

export const SessionRecord = z.object({
	/** As web asked for it, the newest ticket included. */
	request: StartSession,
	/** Kept for the workspace's return; null before its first start. */
	volume: z
		.object({
			name: z.string(),
			uid: z.number().int(),
			/** On the engine's disk, since it was last used; absent until it was measured. */
			bytes: z.number().int().optional(),
		})
		.nullable(),
	/** Present from the moment a sandbox is the workspace's until it was removed. */
	container: z.object({ id: z.string(), sandbox: z.string() }).nullable(),
	/** The volume goes before the next start. */
	discard: z.boolean().default(false),
	/** All that the volume held when it was last used is in the document, too. */
	home: z.boolean().default(true),
	/** The volume went to make room, and its owner wasn't told yet. */
	cleared: z.boolean().default(false),
	state: SandboxState,
	/** When the start that is under way was asked for: its turn in the line, after a restart too. */
	askedAt: z.number().int().default(0),
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
	'unsafe-engine':
		'Sandboxes can’t be kept apart safely on this machine, so none is started. Your files are safe; the log of the sandbox service tells your instructor why.',
	'no-capacity':
		'All sandboxes are in use just now. Your files are safe; try again in a few minutes.',
};

/** Of what a workspace had no sandbox for so long that its volume made room for others'. */
export const CLEARED_WORDS =
	'Your sandbox was away for long, and what it kept made room for others: images will rebuild. Your files are all here.';

/** What is known of a workspace before its first start. */
export const newRecord = (request: StartSession): SessionRecord => ({
	request,
	volume: null,
	container: null,
	discard: false,
	home: true,
	cleared: false,
	state: { status: 'gone', at: Date.now(), reason: 'ended' },
	askedAt: Date.now(),
	activeAt: Date.now(),
});

/** The newest date that there is: a deadline that never comes. */
export const NEVER = 8_640_000_000_000_000;
