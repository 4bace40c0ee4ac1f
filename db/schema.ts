// The tables. Ids are our own short random text (protocol/id.ts); times carry their zone.

import { sql } from 'drizzle-orm';
import {
	bigint,
	bigserial,
	boolean,
	check,
	customType,
	index,
	integer,
	pgTable,
	primaryKey,
	real,
	text,
	timestamp,
	uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { AttemptVerdict } from '@containrlab/protocol/verdict.ts';
import type { Lab } from '@containrlab/protocol/lab.ts';

const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({
	dataType: () => 'bytea',
});
/**
 * Like drizzle's, for text that hostile programs wrote: Postgres refuses a whole document for one NUL
 * or one half of a character cut in two, and who stores it would try for ever.
 */
const jsonb = customType<{ data: unknown; driverData: unknown }>({
	dataType: () => 'jsonb',
	toDriver: (value) =>
		JSON.stringify(value, (_, part: unknown) =>
			typeof part === 'string' ? part.replaceAll('\0', '\ufffd').toWellFormed() : part,
		),
});
const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
const now = (name: string) => time(name).notNull().defaultNow();

// ── People ──────────────────────────────────────────────────────────────────────────────────────

export const users = pgTable(
	'users',
	{
		id: text('id').primaryKey(),
		name: text('name').notNull(),
		/** Lower case; null for guests, who joined with a class code and a name. */
		email: text('email').unique(),
		/** argon2id, in its own encoded form. */
		passwordHash: text('password_hash'),
		/** The account that `npm start` prints: makes classes and instructors. */
		admin: boolean('admin').notNull().default(false),
		/** May create classes; only an admin grants it, signing up alone does not. */
		instructor: boolean('instructor').notNull().default(false),
		createdAt: now('created_at'),
	},
	(t) => [
		check('users_name', sql`char_length(${t.name}) between 1 and 80`),
		check('users_login', sql`(${t.email} is null) = (${t.passwordHash} is null)`),
	],
);

/** Lucia's table. */
export const sessions = pgTable(
	'sessions',
	{
		id: text('id').primaryKey(),
		userId: text('user_id')
			.notNull()
			.references(() => users.id, { onDelete: 'cascade' }),
		expiresAt: time('expires_at').notNull(),
		createdAt: now('created_at'),
		/** Of its latest request, to within some minutes. */
		seenAt: now('seen_at'),
		/** The browser as it called itself, for the list from which people sign out elsewhere. */
		agent: text('agent').notNull().default(''),
		/** On a shared computer: ends with the browser, and soon. */
		shared: boolean('shared').notNull().default(false),
	},
	(t) => [index('sessions_user').on(t.userId)],
);

/** A guest's personal code: opens the same work on any device. */
export const returnCodes = pgTable(
	'return_codes',
	{
		userId: text('user_id')
			.primaryKey()
			.references(() => users.id, { onDelete: 'cascade' }),
		/** Keyed hash of the code, in hexadecimal; the code itself is shown once and kept nowhere. */
		hash: text('hash').notNull().unique(),
		issuedAt: now('issued_at'),
	},
	(t) => [check('return_codes_hash', sql`${t.hash} ~ '^[0-9a-f]{64}$'`)],
);

// ── Classes ─────────────────────────────────────────────────────────────────────────────────────

export const classes = pgTable(
	'classes',
	{
		id: text('id').primaryKey(),
		name: text('name').notNull(),
		/** ≥ 40 bits, upper case without look-alikes. */
		joinCode: text('join_code').notNull().unique(),
		/** A closed class admits nobody new. */
		open: boolean('open').notNull().default(true),
		/** Who joins is asked for the number that the school knows them by. */
		asksStudentNumber: boolean('asks_student_number').notNull().default(false),
		/** Minutes without activity before a sandbox ends; null for never. */
		idleMinutes: integer('idle_minutes').default(30),
		retentionDays: integer('retention_days').notNull().default(180),
		/** What each sandbox may use; memory and disk in MB. */
		sandboxMemory: integer('sandbox_memory').notNull().default(1536),
		sandboxCpus: real('sandbox_cpus').notNull().default(1),
		sandboxPids: integer('sandbox_pids').notNull().default(512),
		sandboxDisk: integer('sandbox_disk').notNull().default(8192),
		archivedAt: time('archived_at'),
		createdAt: now('created_at'),
	},
	(t) => [
		check('classes_name', sql`char_length(${t.name}) between 1 and 120`),
		check('classes_idle', sql`${t.idleMinutes} is null or ${t.idleMinutes} > 0`),
		check('classes_retention', sql`${t.retentionDays} > 0`),
		check(
			'classes_sandbox',
			sql`${t.sandboxMemory} >= 256 and ${t.sandboxCpus} >= 0.1 and ${t.sandboxPids} >= 384 and ${t.sandboxDisk} >= 256`,
		),
	],
);

export const members = pgTable(
	'members',
	{
		classId: text('class_id')
			.notNull()
			.references(() => classes.id, { onDelete: 'cascade' }),
		userId: text('user_id')
			.notNull()
			.references(() => users.id, { onDelete: 'cascade' }),
		role: text('role', { enum: ['instructor', 'ta', 'student'] }).notNull(),
		studentNumber: text('student_number'),
		joinedAt: now('joined_at'),
	},
	(t) => [
		primaryKey({ columns: [t.classId, t.userId] }),
		index('members_user').on(t.userId),
		check('members_role', sql`${t.role} in ('instructor', 'ta', 'student')`),
		check('members_student_number', sql`char_length(${t.studentNumber}) between 1 and 40`),
	],
);

/** Who was removed from a class: its code doesn't let them in again. */
export const removals = pgTable(
	'removals',
	{
		classId: text('class_id')
			.notNull()
			.references(() => classes.id, { onDelete: 'cascade' }),
		userId: text('user_id')
			.notNull()
			.references(() => users.id, { onDelete: 'cascade' }),
		/** As they had given it, for when they are let back in. */
		studentNumber: text('student_number'),
		at: now('at'),
	},
	(t) => [primaryKey({ columns: [t.classId, t.userId] })],
);

/** When a class is in session: no sandbox of it expires then, and some are ready before the click. */
export const classSessions = pgTable(
	'class_sessions',
	{
		id: text('id').primaryKey(),
		classId: text('class_id')
			.notNull()
			.references(() => classes.id, { onDelete: 'cascade' }),
		startsAt: time('starts_at').notNull(),
		endsAt: time('ends_at').notNull(),
	},
	(t) => [
		index('class_sessions_class').on(t.classId, t.endsAt),
		index('class_sessions_ends').on(t.endsAt),
		check(
			'class_sessions_length',
			sql`${t.endsAt} >= ${t.startsAt} and ${t.endsAt} <= ${t.startsAt} + interval '12 hours'`,
		),
	],
);

/** Every version of a lab that was ever taught, by content; attempts pin one. */
export const labVersions = pgTable(
	'lab_versions',
	{
		digest: text('digest').primaryKey(),
		slug: text('slug').notNull(),
		content: jsonb('content').$type<Lab>().notNull(),
		createdAt: now('created_at'),
	},
	(t) => [index('lab_versions_slug').on(t.slug, t.createdAt)],
);

export const classLabs = pgTable(
	'class_labs',
	{
		classId: text('class_id')
			.notNull()
			.references(() => classes.id, { onDelete: 'cascade' }),
		labSlug: text('lab_slug').notNull(),
		position: integer('position').notNull(),
	},
	(t) => [primaryKey({ columns: [t.classId, t.labSlug] })],
);

// ── Work ────────────────────────────────────────────────────────────────────────────────────────

export const workspaces = pgTable(
	'workspaces',
	{
		id: text('id').primaryKey(),
		classId: text('class_id')
			.notNull()
			.references(() => classes.id, { onDelete: 'cascade' }),
		labSlug: text('lab_slug').notNull(),
		ownerId: text('owner_id')
			.notNull()
			.references(() => users.id, { onDelete: 'cascade' }),
		/** The version whose starter it was seeded with. */
		labDigest: text('lab_digest')
			.notNull()
			.references(() => labVersions.digest),
		createdAt: now('created_at'),
		lastActiveAt: now('last_active_at'),
	},
	(t) => [
		uniqueIndex('workspaces_one').on(t.classId, t.labSlug, t.ownerId),
		index('workspaces_owner').on(t.ownerId),
	],
);

/** Raised hands; at most one of a workspace is up. */
export const hands = pgTable(
	'hands',
	{
		id: text('id').primaryKey(),
		workspaceId: text('workspace_id')
			.notNull()
			.references(() => workspaces.id, { onDelete: 'cascade' }),
		question: text('question').notNull(),
		raisedAt: now('raised_at'),
		loweredAt: time('lowered_at'),
		/** The student themselves, or the one of the staff who helped. */
		loweredBy: text('lowered_by').references(() => users.id, { onDelete: 'set null' }),
	},
	(t) => [
		uniqueIndex('hands_up')
			.on(t.workspaceId)
			.where(sql`${t.loweredAt} is null`),
		check('hands_question', sql`char_length(${t.question}) <= 200`),
	],
);

/** A room's write position and its fence: every append checks the epoch of the lease it holds. */
export const docRooms = pgTable('doc_rooms', {
	room: text('room').primaryKey(),
	/** Grows by one whenever another process takes the room. */
	epoch: bigint('epoch', { mode: 'number' }).notNull().default(0),
	leaseHolder: text('lease_holder'),
	/** Of the newest row of the log. */
	lastSeq: bigint('last_seq', { mode: 'number' }).notNull().default(0),
	/** Rows up to this one were older than they are kept: only the snapshot of this number tells them. */
	foldedSeq: bigint('folded_seq', { mode: 'number' }).notNull().default(0),
	/** Of the log's rows: a room has so many, and then its oldest are folded. */
	logBytes: bigint('log_bytes', { mode: 'number' }).notNull().default(0),
	createdAt: now('created_at'),
});

/** The append-only log: Yjs updates as received, one row per connection and turn. */
export const docUpdates = pgTable(
	'doc_updates',
	{
		room: text('room')
			.notNull()
			.references(() => docRooms.room, { onDelete: 'cascade' }),
		seq: bigint('seq', { mode: 'number' }).notNull(),
		epoch: bigint('epoch', { mode: 'number' }).notNull(),
		/** The connection's user; `shell:<user>` for runnerd's edits. No key: history outlives people. */
		userId: text('user_id').notNull(),
		at: now('at'),
		/** Updates in `bytes`; more than one are packed, see db/doc-log.ts. */
		parts: integer('parts').notNull().default(1),
		bytes: bytea('bytes').notNull(),
	},
	(t) => [primaryKey({ columns: [t.room, t.seq] })],
);

/** The state up to and including `seq`, so that loading needn't read the whole log. */
export const docSnapshots = pgTable(
	'doc_snapshots',
	{
		room: text('room')
			.notNull()
			.references(() => docRooms.room, { onDelete: 'cascade' }),
		seq: bigint('seq', { mode: 'number' }).notNull(),
		at: now('at'),
		state: bytea('state').notNull(),
	},
	(t) => [primaryKey({ columns: [t.room, t.seq] })],
);

/** Whose structs a Yjs client id writes: bound at first sight. */
export const docClients = pgTable(
	'doc_clients',
	{
		room: text('room')
			.notNull()
			.references(() => docRooms.room, { onDelete: 'cascade' }),
		clientId: bigint('client_id', { mode: 'number' }).notNull(),
		userId: text('user_id').notNull(),
	},
	(t) => [primaryKey({ columns: [t.room, t.clientId] })],
);

/** Content-addressed bytes: a submission's files. */
export const blobs = pgTable(
	'blobs',
	{
		sha: text('sha').primaryKey(),
		size: integer('size').notNull(),
		bytes: bytea('bytes').notNull(),
		createdAt: now('created_at'),
	},
	(t) => [check('blobs_sha', sql`${t.sha} ~ '^[0-9a-f]{64}$'`)],
);

/** Binary files of a workspace that a fresh sandbox must get back. */
export const workspaceBlobs = pgTable(
	'workspace_blobs',
	{
		workspaceId: text('workspace_id')
			.notNull()
			.references(() => workspaces.id, { onDelete: 'cascade' }),
		sha: text('sha')
			.notNull()
			.references(() => blobs.sha),
	},
	(t) => [primaryKey({ columns: [t.workspaceId, t.sha] })],
);

// ── Attempts ────────────────────────────────────────────────────────────────────────────────────

export type AttemptFile =
	| { kind: 'text' | 'binary'; path: string; mode: number; size: number; sha: string }
	| { kind: 'link'; path: string; target: string }
	| { kind: 'dir'; path: string; mode: number };

export type Override = {
	status: 'passed' | 'failed';
	reason: string;
	by: { id: string; name: string };
	/** ISO 8601. */
	at: string;
};

export type AttemptPhase = {
	phase: 'prepare' | 'read' | 'build' | 'run' | 'inspect';
	status: 'running' | 'passed' | 'failed' | 'skipped';
	durationMs?: number | undefined;
};

export const attempts = pgTable(
	'attempts',
	{
		id: text('id').primaryKey(),
		workspaceId: text('workspace_id')
			.notNull()
			.references(() => workspaces.id, { onDelete: 'cascade' }),
		/** 1, 2, 3 … within the workspace. */
		number: integer('number').notNull(),
		submittedBy: text('submitted_by')
			.notNull()
			.references(() => users.id),
		status: text('status', {
			enum: ['queued', 'running', 'passed', 'failed', 'error', 'withdrawn'],
		})
			.notNull()
			.default('queued'),
		/** `document`: runnerd was unreachable, so what only the sandbox held is missing. */
		source: text('source', { enum: ['drained', 'document'] }).notNull(),
		/** The position in the room's log that was submitted. */
		logSeq: bigint('log_seq', { mode: 'number' }).notNull(),
		files: jsonb('files').$type<AttemptFile[]>().notNull(),
		/** What could not be taken, and why. */
		left: jsonb('left')
			.$type<{ path: string; reason: string }[]>()
			.notNull()
			.default(sql`'[]'::jsonb`),
		labDigest: text('lab_digest')
			.notNull()
			.references(() => labVersions.digest),
		judgeDigest: text('judge_digest'),
		/** Which run of the judge; a run that met an infrastructure error is tried again. */
		try: integer('try').notNull().default(1),
		phases: jsonb('phases')
			.$type<AttemptPhase[]>()
			.notNull()
			.default(sql`'[]'::jsonb`),
		verdict: jsonb('verdict').$type<AttemptVerdict>(),
		/** Staff know better: `status` is theirs then, and the verdict stays what the judge said. */
		override: jsonb('override').$type<Override>(),
		durationMs: integer('duration_ms'),
		imageBytes: bigint('image_bytes', { mode: 'number' }),
		createdAt: now('created_at'),
		startedAt: time('started_at'),
		finishedAt: time('finished_at'),
	},
	(t) => [
		uniqueIndex('attempts_number').on(t.workspaceId, t.number),
		index('attempts_recent').on(t.createdAt),
		/** The queue: few rows, asked for each second while anyone waits. */
		index('attempts_open')
			.on(t.createdAt)
			.where(sql`${t.status} in ('queued', 'running')`),
		check('attempts_verdict', sql`(${t.status} in ('queued', 'running')) = (${t.verdict} is null)`),
	],
);

/** What an attempt's earlier runs said, kept when staff have it judged again. */
export const attemptRuns = pgTable(
	'attempt_runs',
	{
		attemptId: text('attempt_id')
			.notNull()
			.references(() => attempts.id, { onDelete: 'cascade' }),
		try: integer('try').notNull(),
		status: text('status', { enum: ['passed', 'failed', 'error', 'withdrawn'] }).notNull(),
		verdict: jsonb('verdict').$type<AttemptVerdict>().notNull(),
		phases: jsonb('phases').$type<AttemptPhase[]>().notNull(),
		judgeDigest: text('judge_digest'),
		durationMs: integer('duration_ms'),
		imageBytes: bigint('image_bytes', { mode: 'number' }),
		startedAt: time('started_at'),
		finishedAt: time('finished_at'),
		/** Who asked for the next run, and when. */
		supersededBy: text('superseded_by').references(() => users.id, { onDelete: 'set null' }),
		supersededAt: now('superseded_at'),
	},
	(t) => [primaryKey({ columns: [t.attemptId, t.try] })],
);

/** Staff had all attempts of a lab judged again, to see whether a new judge says the same. */
export const rejudgings = pgTable(
	'rejudgings',
	{
		id: text('id').primaryKey(),
		classId: text('class_id')
			.notNull()
			.references(() => classes.id, { onDelete: 'cascade' }),
		labSlug: text('lab_slug').notNull(),
		askedBy: text('asked_by').references(() => users.id, { onDelete: 'set null' }),
		askedAt: now('asked_at'),
		/** Attempts whose version of the lab is no longer here, and those beyond one click. */
		unjudgeable: integer('unjudgeable').notNull().default(0),
		left: integer('left').notNull().default(0),
	},
	(t) => [index('rejudgings_class').on(t.classId, t.askedAt)],
);

/** What each of them had said before. */
export const rejudgedAttempts = pgTable(
	'rejudged_attempts',
	{
		rejudgingId: text('rejudging_id')
			.notNull()
			.references(() => rejudgings.id, { onDelete: 'cascade' }),
		attemptId: text('attempt_id')
			.notNull()
			.references(() => attempts.id, { onDelete: 'cascade' }),
		try: integer('try').notNull(),
		status: text('status', { enum: ['passed', 'failed', 'error', 'withdrawn'] }).notNull(),
		/** Of its failures, in order. */
		codes: jsonb('codes').$type<string[]>().notNull(),
		judgeDigest: text('judge_digest'),
	},
	(t) => [
		primaryKey({ columns: [t.rejudgingId, t.attemptId] }),
		index('rejudged_attempts_attempt').on(t.attemptId),
	],
);

export const judgeLogs = pgTable(
	'judge_logs',
	{
		attemptId: text('attempt_id')
			.notNull()
			.references(() => attempts.id, { onDelete: 'cascade' }),
		try: integer('try').notNull(),
		seq: integer('seq').notNull(),
		phase: text('phase').notNull(),
		text: text('text').notNull(),
	},
	(t) => [primaryKey({ columns: [t.attemptId, t.try, t.seq] })],
);

// ── Recordings ──────────────────────────────────────────────────────────────────────────────────

/** What terminals showed, for review. */
export const recordings = pgTable(
	'recordings',
	{
		id: text('id').primaryKey(),
		workspaceId: text('workspace_id')
			.notNull()
			.references(() => workspaces.id, { onDelete: 'cascade' }),
		terminal: text('terminal').notNull(),
		/** Characters of all parts. */
		size: integer('size').notNull().default(0),
		startedAt: now('started_at'),
		/** When the last part came. */
		endedAt: now('ended_at'),
	},
	(t) => [index('recordings_workspace').on(t.workspaceId, t.startedAt)],
);

/** Whole lines of asciicast v2; the first part begins with the header. */
export const recordingParts = pgTable(
	'recording_parts',
	{
		recordingId: text('recording_id')
			.notNull()
			.references(() => recordings.id, { onDelete: 'cascade' }),
		seq: integer('seq').notNull(),
		cast: text('cast').notNull(),
	},
	(t) => [primaryKey({ columns: [t.recordingId, t.seq] })],
);

// ── What happened ───────────────────────────────────────────────────────────────────────────────

/** What browsers are told; a browser resumes after the last id that it saw. */
export const events = pgTable(
	'events',
	{
		id: bigserial('id', { mode: 'number' }).primaryKey(),
		classId: text('class_id')
			.notNull()
			.references(() => classes.id, { onDelete: 'cascade' }),
		/** Null: for everyone in the class. Otherwise its owner and the class's staff. */
		workspaceId: text('workspace_id').references(() => workspaces.id, { onDelete: 'cascade' }),
		type: text('type').notNull(),
		payload: jsonb('payload').notNull(),
		at: now('at'),
	},
	(t) => [
		index('events_class').on(t.classId, t.id),
		index('events_workspace').on(t.workspaceId, t.id),
	],
);

/** Where web stands in runnerd's event stream. */
export const runnerCursor = pgTable('runner_cursor', {
	runner: text('runner').primaryKey(),
	launch: text('launch').notNull(),
	seq: bigint('seq', { mode: 'number' }).notNull(),
});

/** Who did what to whom. */
export const audit = pgTable(
	'audit',
	{
		id: bigserial('id', { mode: 'number' }).primaryKey(),
		at: now('at'),
		actorId: text('actor_id').notNull(),
		action: text('action').notNull(),
		classId: text('class_id'),
		subject: text('subject'),
		detail: jsonb('detail'),
	},
	(t) => [index('audit_class').on(t.classId, t.id)],
);
