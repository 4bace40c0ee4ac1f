// Events: what runnerd tells web, and what web tells browsers.

import { z } from 'zod';
import { Port, PORTS_MAX } from './preview.ts';
import { Id } from './id.ts';
import { SandboxState } from './sandbox.ts';
import { AttemptStatus, JudgePhase } from './verdict.ts';

export const Person = z.object({ id: z.string(), name: z.string() });
export type Person = z.infer<typeof Person>;

export const HAND_QUESTION = 200;

/** A raised hand, with what it is about, if that was said. */
export const Hand = z.object({
	id: z.string(),
	question: z.string().max(HAND_QUESTION),
	/** Milliseconds since the epoch. */
	raisedAt: z.number().int(),
});
export type Hand = z.infer<typeof Hand>;

/** What runnerd tells and web hands on as it is, to those who may see the workspace. */
const toldToBrowsers = [
	z.object({ type: z.literal('sandbox'), workspace: z.string(), state: SandboxState }),
	z.object({
		type: z.literal('terminal'),
		workspace: z.string(),
		terminal: z.string(),
		driver: Person.nullable(),
		watchers: z.array(Person),
		/** Its shell was ended: the workspace has one terminal less. */
		ended: z.boolean().optional(),
	}),
	/** The TCP ports that somebody listens on in its sandbox, published ones among them. */
	z.object({
		type: z.literal('ports'),
		workspace: z.string(),
		ports: z.array(Port).max(PORTS_MAX),
	}),
	/** Something the student should know: a file too large to share, a path that can't be synced. */
	z.object({
		type: z.literal('warning'),
		workspace: z.string(),
		code: z.string(),
		message: z.string(),
		path: z.string().optional(),
	}),
] as const;

/** What happened to a sandbox or a judge run. Logs are rows, not events: these carry little. */
export const RunnerEventBody = z.discriminatedUnion('type', [
	...toldToBrowsers,
	/** A binary file appeared: web fetches it by `GET /sessions/<id>/blobs/<sha>` and keeps it. */
	z.object({
		type: z.literal('blob'),
		workspace: z.string(),
		sha: z.string(),
		size: z.number().int(),
		path: z.string().optional(),
	}),
	/** The document names bytes that its sandbox hasn't got: web hands them in by `PUT` of the same. */
	z.object({
		type: z.literal('blobs-missing'),
		workspace: z.string(),
		shas: z.array(z.string()),
	}),
	z.object({
		type: z.literal('judge-phase'),
		attempt: z.string(),
		try: z.number().int(),
		phase: JudgePhase,
		status: z.enum(['running', 'passed', 'failed', 'skipped']),
		durationMs: z.number().optional(),
	}),
	z.object({
		type: z.literal('judge-log'),
		attempt: z.string(),
		try: z.number().int(),
		phase: JudgePhase,
		/** Position of this piece in the run's log, from 0. */
		seq: z.number().int(),
		text: z.string(),
	}),
	/** A piece of a terminal's recording (asciicast v2), told only while web listens. */
	z.object({
		type: z.literal('recording'),
		workspace: z.string(),
		recording: Id,
		terminal: z.string(),
		/** Position among its pieces, from 0. */
		seq: z.number().int().nonnegative(),
		cast: z.string(),
	}),
	z.object({ type: z.literal('judge-done'), attempt: z.string(), try: z.number().int() }),
]);
export type RunnerEventBody = z.infer<typeof RunnerEventBody>;

/**
 * One line of `GET /events?launch=<launch>&after=<seq>` (NDJSON, kept open). The first line is a
 * `hello`; when its launch or `from` doesn't continue what the reader had, the reader takes the
 * states in it as the truth and goes on from there.
 */
export const RunnerEventLine = z.discriminatedUnion('line', [
	z.object({
		line: z.literal('hello'),
		launch: z.string(),
		/** The number of the first event that follows. */
		from: z.number().int(),
		sessions: z.array(z.object({ workspace: z.string(), state: SandboxState })),
	}),
	z.object({
		line: z.literal('event'),
		seq: z.number().int(),
		at: z.number().int(),
		event: RunnerEventBody,
	}),
	/** Keeps idle connections known to be alive; every 15 s. */
	z.object({ line: z.literal('beat') }),
]);
export type RunnerEventLine = z.infer<typeof RunnerEventLine>;

/** What a browser's event stream carries (`GET /events`, text/event-stream); `id` is the row's. */
export const BrowserEvent = z.discriminatedUnion('type', [
	...toldToBrowsers,
	/** An attempt changed; `phases` is the whole list as it now stands. */
	z.object({
		type: z.literal('attempt'),
		class: z.string().optional(),
		workspace: z.string(),
		attempt: z.string(),
		number: z.number().int(),
		status: AttemptStatus,
		phases: z.array(
			z.object({
				phase: JudgePhase,
				status: z.enum(['running', 'passed', 'failed', 'skipped']),
				durationMs: z.number().optional(),
			}),
		),
		/** It had a verdict before, and staff asked for another run. */
		again: z.boolean().optional(),
	}),
	/** Someone joined, left, or was given another role: lists reload. */
	z.object({ type: z.literal('members'), class: z.string() }),
	/** Its name, its labs or its end changed: pages reload. */
	z.object({ type: z.literal('class'), class: z.string() }),
	/** A hand went up, or down: by whom, when it wasn't its owner. */
	z.object({
		type: z.literal('hand'),
		workspace: z.string(),
		hand: Hand.nullable(),
		answeredBy: Person.nullable(),
	}),
]);
export type BrowserEvent = z.infer<typeof BrowserEvent>;

/**
 * Where a student is, told to staff alone: never stored, so without an id (`event: presence`), and
 * not missed either: who comes later asks for the whole picture.
 */
export const Presence = z.object({
	workspace: z.string(),
	class: z.string(),
	owner: z.string(),
	lab: z.string(),
	/** Their page has the document open. */
	here: z.boolean(),
	/** The path in front of them. */
	file: z.string().nullable(),
	/** When they last typed, in the files or the terminal; null when not since they came. */
	activeAt: z.number().int().nullable(),
});
export type Presence = z.infer<typeof Presence>;
