// What the API takes and answers, as schemas; the OpenAPI document is made from these.

import { z } from 'zod';
import { Id } from '@containrlab/protocol/id.ts';
import { FILE_LIMITS } from '@containrlab/protocol/path.ts';
import { SandboxReason } from '@containrlab/protocol/sandbox.ts';
import { Role as TicketRole } from '@containrlab/protocol/ticket.ts';
import { AttemptStatus, AttemptVerdict, JudgePhase } from '@containrlab/protocol/verdict.ts';

const Role = TicketRole.meta({ id: 'Role' });
const Time = z.iso.datetime().meta({ description: 'In UTC.' });
const Named = z.object({ id: Id, name: z.string() }).meta({ id: 'Named' });
const LabSlug = z.string().meta({
	description: 'A lab’s name, as in `01-first-dockerfile`.',
});

// ── Refusals ────────────────────────────────────────────────────────────────────────────────────

export const ApiErrorBody = z
	.object({
		error: z.object({
			code: z.string().meta({ description: 'Stable, for programs.' }),
			message: z.string().meta({ description: 'What happened, in one sentence.' }),
			hint: z.string().optional().meta({ description: 'What to do.' }),
			choices: z
				.array(Named)
				.optional()
				.meta({ description: 'With `class-ambiguous`: the classes to choose from.' }),
			current: z
				.string()
				.nullable()
				.optional()
				.meta({ description: 'With `changed`: the file’s ETag now; null when it is not there.' }),
		}),
	})
	.meta({ id: 'Error' });
export type ApiErrorBody = z.infer<typeof ApiErrorBody>;

// ── People and labs ─────────────────────────────────────────────────────────────────────────────

export const Health = z.object({ ok: z.literal(true) }).meta({ id: 'Health' });

export const Me = z
	.object({
		id: Id,
		name: z.string(),
		email: z.string().nullable().meta({ description: 'Null for guests.' }),
	})
	.meta({ id: 'Me' });

const LabClass = z.object({ id: Id, name: z.string(), role: Role }).meta({ id: 'LabClass' });

const labSummary = {
	slug: LabSlug,
	title: z.string(),
	summary: z.string(),
	minutes: z.int(),
	classes: z.array(LabClass).meta({ description: 'Those of your classes that are taught it.' }),
};
export const LabSummary = z.object(labSummary).meta({ id: 'LabSummary' });
export type LabSummary = z.infer<typeof LabSummary>;

export const Lab = z
	.object({
		...labSummary,
		goals: z.array(z.string()),
		open: z.string().nullable().meta({ description: 'The file that opens first.' }),
		images: z.array(z.string()).meta({ description: 'Images that every sandbox has at hand.' }),
		checks: z.array(
			z.object({
				id: z.string(),
				title: z.string(),
				points: z.number().int().meta({ description: 'What it is worth.' }),
				bonus: z.boolean().meta({ description: 'A lab is passed without it.' }),
			}),
		),
		text: z.string().meta({ description: 'The guide, in Markdown.' }),
	})
	.meta({ id: 'Lab' });
export type Lab = z.infer<typeof Lab>;

// ── Sessions ────────────────────────────────────────────────────────────────────────────────────

export const Sandbox = z
	.discriminatedUnion('status', [
		z.object({ status: z.literal('none') }).meta({ description: 'Nothing runs.' }),
		z.object({ status: z.literal('unknown') }).meta({ description: 'It can’t be asked now.' }),
		z.object({
			status: z.literal('starting'),
			since: Time,
			phase: z.enum(['queued', 'creating', 'booting', 'files']),
		}),
		z.object({
			status: z.literal('ready'),
			since: Time,
			deadline: Time.meta({ description: 'When it ends unless someone works in it.' }),
		}),
		z.object({ status: z.enum(['stopping', 'gone']), since: Time, reason: SandboxReason }),
		z.object({
			status: z.literal('failed'),
			since: Time,
			reason: SandboxReason,
			message: z.string(),
		}),
	])
	.meta({ id: 'Sandbox' });
export type Sandbox = z.infer<typeof Sandbox>;

export const Session = z
	.object({
		id: Id.meta({ description: 'Stays the same over any number of sandboxes.' }),
		lab: z.object({ slug: LabSlug, title: z.string() }),
		class: Named,
		owner: Named,
		page: z.string().meta({ description: 'Where a browser opens it.' }),
		createdAt: Time,
		sandbox: Sandbox,
	})
	.meta({ id: 'Session' });
export type Session = z.infer<typeof Session>;

export const ActiveSession = z
	.object({ session: Session.nullable() })
	.meta({ description: 'Null before the lab was started.' });

// ── Files ───────────────────────────────────────────────────────────────────────────────────────

const path = z.string().meta({
	description: 'Inside the workspace, with `/` between names and none in front.',
	example: 'src/app.py',
});
const text = z.string().meta({
	description: `At most ${FILE_LIMITS.text} bytes in UTF-8, with its own line ends.`,
});

export const FileInfo = z
	.object({
		path,
		kind: z.enum(['text', 'binary', 'dir', 'link']),
		size: z.int().nullable().meta({ description: 'In bytes; null for folders and links.' }),
		mode: z.string().regex(/^0[0-7]{3}$/),
		etag: z.string().nullable().meta({
			description: 'SHA-256 of the content, in quotes, for If-Match; null for folders.',
		}),
	})
	.meta({ id: 'File' });
export type FileInfo = z.infer<typeof FileInfo>;

export const FileList = z
	.object({ files: z.array(FileInfo) })
	.meta({ id: 'FileList', description: 'Folders that hold something need no entry of their own.' });

export const FileContent = z
	.object({
		file: FileInfo,
		text: z.string().nullable().meta({ description: 'Null for what is not text.' }),
	})
	.meta({ id: 'FileContent' });

export const FileChanged = z.object({ file: FileInfo }).meta({ id: 'FileChanged' });

export const PathQuery = z.object({ path });
export const CreateFile = z
	.union([
		z
			.strictObject({ path, text: text.default('') })
			.meta({ title: 'A text file', description: 'Makes a text file.' }),
		z
			.strictObject({ path, kind: z.literal('dir') })
			.meta({ title: 'A folder', description: 'Makes an empty folder.' }),
		z.strictObject({ path, from: path }).meta({
			title: 'A new name',
			description: 'Renames or moves what is at `from`, a folder with all that is in it.',
		}),
	])
	.meta({ id: 'CreateFile' });
export const WriteFile = z.strictObject({ text }).meta({ id: 'WriteFile' });

// ── Attempts ────────────────────────────────────────────────────────────────────────────────────

const Phase = z
	.object({
		phase: JudgePhase,
		status: z.enum(['running', 'passed', 'failed', 'skipped']),
		durationMs: z.number().optional(),
	})
	.meta({ id: 'Phase' });

export const Attempt = z
	.object({
		id: Id,
		number: z.int().meta({ description: 'From 1, within the session.' }),
		session: Id,
		status: AttemptStatus.meta({
			description:
				'`failed` is about the work; `error` is our fault and says nothing about it; `withdrawn` was replaced or cancelled before it was judged, and counts for nothing.',
		}),
		source: z.enum(['drained', 'document']).meta({
			description: '`document`: the sandbox could not be asked for what only it held.',
		}),
		left: z
			.array(z.object({ path: z.string(), reason: z.string() }))
			.meta({ description: 'Files that could not be taken, and why.' }),
		createdAt: Time,
		startedAt: Time.nullable(),
		finishedAt: Time.nullable(),
		phases: z.array(Phase),
		verdict: AttemptVerdict.meta({ id: 'Verdict' }).nullable(),
	})
	.meta({ id: 'Attempt' });
export type Attempt = z.infer<typeof Attempt>;

export const LatestAttempt = z
	.object({ attempt: Attempt.nullable() })
	.meta({ description: 'Null before the first submission.' });
