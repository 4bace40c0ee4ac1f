// runnerd's HTTP API: sandboxes (`sessions`, named by their workspace) and judge runs.
// Every call carries `Authorization: Bearer <service token>`; docs/contracts.md lists the routes.

import { z } from 'zod';
import { Id, RoomName } from './id.ts';
import { JudgePhase, Verdict } from './verdict.ts';

const MB = 1024 ** 2;
const GB = 1024 ** 3;
const DISK = 8 * GB;

export const SandboxLimits = z.object({
	/** Bytes; a daemon alone takes some 50 MB. */
	memory: z
		.number()
		.int()
		.min(256 * MB)
		.max(64 * GB),
	/** Cores. */
	cpus: z.number().min(0.1).max(64),
	/** Processes and threads; 192 of them are the sandbox's own. */
	pids: z.number().int().min(384).max(32_768),
	/** Bytes for images, containers, volumes and files together; a kept disk grows but never shrinks. */
	disk: z
		.number()
		.int()
		.min(256 * MB)
		.max(1024 * GB)
		.default(DISK),
});
export type SandboxLimits = z.infer<typeof SandboxLimits>;

export const DEFAULT_LIMITS: SandboxLimits = { memory: 1536 * MB, cpus: 1, pids: 512, disk: DISK };

/** Why a sandbox ended or failed; the page has a sentence for each. */
export const SandboxReason = z.enum([
	'idle',
	/** It held more of the disk than it may. */
	'disk-taken',
	'ended',
	/** It starts again on its kept volume, or on a fresh one. */
	'restarted',
	'replaced',
	'lost',
	'engine-unreachable',
	'no-capacity',
	'start-failed',
	/** The engine doesn't isolate sandboxes; runnerd's log says what mends it. */
	'unsafe-engine',
	'runner-stopped',
]);
export type SandboxReason = z.infer<typeof SandboxReason>;

/** Where someone stands in the line for a sandbox. */
export const QueuePlace = z.object({
	/** 1 is next. */
	position: z.number().int().positive(),
	/** About how long it still takes; null when a place must first be given back by others. */
	seconds: z.number().int().positive().nullable(),
});
export type QueuePlace = z.infer<typeof QueuePlace>;

/** `at` and `deadline` in milliseconds since the epoch. */
export const SandboxState = z.discriminatedUnion('status', [
	z.object({
		status: z.literal('starting'),
		at: z.number().int(),
		phase: z.enum(['queued', 'creating', 'booting', 'files']),
		/** While `queued`, once that has taken a moment. */
		queue: QueuePlace.optional(),
	}),
	z.object({
		status: z.literal('ready'),
		at: z.number().int(),
		/** When it ends unless someone works in it. */
		deadline: z.number().int(),
	}),
	z.object({ status: z.literal('stopping'), at: z.number().int(), reason: SandboxReason }),
	z.object({
		status: z.literal('gone'),
		at: z.number().int(),
		reason: SandboxReason,
		/** Its images, containers and volumes wait for its return. */
		kept: z.boolean().optional(),
	}),
	z.object({
		status: z.literal('failed'),
		at: z.number().int(),
		reason: SandboxReason,
		/** For a student: what happened and what to do. */
		message: z.string(),
	}),
]);
export type SandboxState = z.infer<typeof SandboxState>;

/** `POST /sessions`: idempotent by `workspace`; 201 when it began, 200 when it was there. */
export const StartSession = z.object({
	workspace: Id,
	room: RoomName,
	/** A sync ticket for `room` (aud sync, write, HOST_TICKET_SECONDS); its user authors shell edits. */
	ticket: z.string(),
	/** Who may type in its terminals. */
	driver: z.object({ id: z.string(), name: z.string() }),
	/** Whose sessions keep it from expiring (`PUT /in-session`). */
	class: Id.optional(),
	/** Minutes without activity before it ends; null for never. */
	idleMinutes: z.number().positive().nullable(),
	limits: SandboxLimits.default(DEFAULT_LIMITS),
});
export type StartSession = z.infer<typeof StartSession>;

/** `POST /sessions/<id>/restart`: ends the sandbox, if there is one, and starts it again. */
export const RestartSession = StartSession.extend({
	/** Without what its volume keeps: images, containers, volumes, and files that are never synced. */
	fresh: z.boolean(),
});
export type RestartSession = z.infer<typeof RestartSession>;

/**
 * `PUT /in-session`: the classes that are in session, or about to be; replaces what was said before.
 * Times in milliseconds since the epoch.
 */
export const ClassesInSession = z.object({
	classes: z
		.array(
			z.object({
				class: Id,
				/** Until then none of its sandboxes expires; idle time counts from there. */
				until: z.number().int(),
				/** As many are expected: sandboxes are kept warm for those who have none yet … */
				students: z.number().int().nonnegative(),
				/** … until then. */
				warmUntil: z.number().int(),
				/** What they may use: a warm one fits whose disk and processes are bounded alike. */
				limits: SandboxLimits.default(DEFAULT_LIMITS),
			}),
		)
		.max(200),
});
export type ClassesInSession = z.infer<typeof ClassesInSession>;

export const Session = z.object({
	workspace: z.string(),
	state: SandboxState,
	driver: z.object({ id: z.string(), name: z.string() }),
});
export type Session = z.infer<typeof Session>;

/** `POST /sessions/<id>/exec`: one command in /workspace, output bounded to 1 MiB per stream. */
export const ExecRequest = z.object({
	command: z.array(z.string()).min(1).max(200),
	timeoutMs: z.number().int().positive().max(600_000).default(60_000),
});
export type ExecRequest = z.infer<typeof ExecRequest>;
export const ExecResult = z.object({
	/** null when the time ran out. */
	exitCode: z.number().int().nullable(),
	stdout: z.string(),
	stderr: z.string(),
	truncated: z.boolean(),
});
export type ExecResult = z.infer<typeof ExecResult>;

/** `POST /sessions/<id>/build`: `docker build` of /workspace; answers an ExecResult. */
export const BuildRequest = z.object({
	tag: z.string().regex(/^[a-z0-9][a-z0-9._/:-]*$/),
	noCache: z.boolean().default(false),
});
export type BuildRequest = z.infer<typeof BuildRequest>;

/** `POST /sessions/<id>/run`: `docker run -d`; answers an ExecResult whose stdout is the id. */
export const RunRequest = z.object({
	image: z.string().regex(/^[a-z0-9][a-z0-9._/:-]*$/),
	publish: z.array(z.string().regex(/^\d+:\d+$/)).default([]),
});
export type RunRequest = z.infer<typeof RunRequest>;

/** `POST /sessions/<id>/drain`: flushes both ways, then says what is on disk beside the text. */
export const DrainResult = z.object({
	/** Once sync's durable count covers all that runnerd sent, snapshots hold the drained state. */
	drained: z.literal(true),
	files: z.array(
		z.discriminatedUnion('kind', [
			z.object({
				kind: z.literal('binary'),
				path: z.string(),
				mode: z.number().int(),
				size: z.number().int(),
				sha: z.string(),
			}),
			z.object({ kind: z.literal('link'), path: z.string(), target: z.string() }),
			z.object({ kind: z.literal('dir'), path: z.string(), mode: z.number().int() }),
		]),
	),
	/** What could not be taken, and why: shown on the attempt. */
	left: z.array(z.object({ path: z.string(), reason: z.string() })),
});
export type DrainResult = z.infer<typeof DrainResult>;

/** A file of a submission, complete. */
export const SubmittedFile = z.discriminatedUnion('kind', [
	z.object({ kind: z.literal('text'), path: z.string(), mode: z.number().int(), text: z.string() }),
	z.object({
		kind: z.literal('binary'),
		path: z.string(),
		mode: z.number().int(),
		base64: z.string(),
	}),
	z.object({ kind: z.literal('link'), path: z.string(), target: z.string() }),
	z.object({ kind: z.literal('dir'), path: z.string(), mode: z.number().int() }),
]);
export type SubmittedFile = z.infer<typeof SubmittedFile>;

/** `PUT /judge-runs/<attempt>/<try>`: idempotent; 409 `lab-mismatch` when the digest is unknown. */
export const JudgeRunRequest = z.object({
	lab: z.string(),
	labDigest: z.string(),
	files: z.array(SubmittedFile),
	/** What the student's own sandbox may use: what builds there is to build here. */
	limits: SandboxLimits.default(DEFAULT_LIMITS),
});
export type JudgeRunRequest = z.infer<typeof JudgeRunRequest>;

/** `GET /judge-runs/<attempt>/<try>`; kept until `DELETE` acknowledges it. */
export const JudgeRun = z.discriminatedUnion('status', [
	/** As many run as the machine takes; this one has its turn after others. */
	z.object({ status: z.literal('waiting') }),
	z.object({ status: z.literal('running'), phase: JudgePhase }),
	z.object({
		status: z.literal('done'),
		verdict: Verdict,
		/** Of the judging code: same snapshot, lab and judge, same verdict. */
		judgeDigest: z.string(),
		log: z.array(z.object({ phase: JudgePhase, text: z.string() })),
	}),
]);
export type JudgeRun = z.infer<typeof JudgeRun>;

/** Every refusal of every service: a stable code, and words for the log. */
export const ServiceError = z.object({
	error: z.object({ code: z.string(), message: z.string() }),
});
export type ServiceError = z.infer<typeof ServiceError>;
