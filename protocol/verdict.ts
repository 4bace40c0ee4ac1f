// What a judge says about one attempt.

import { z } from 'zod';

/** The phases of a run, in order. `prepare` is ours: a clean sandbox and the files in it. */
export const JudgePhase = z.enum(['prepare', 'read', 'build', 'run', 'inspect']);
export type JudgePhase = z.infer<typeof JudgePhase>;

/** Something that was seen, so that a student can see it too. */
export const Evidence = z.discriminatedUnion('kind', [
	z.object({
		kind: z.literal('line'),
		file: z.string(),
		/** From 1. */
		line: z.number().int().positive(),
		text: z.string(),
	}),
	z.object({ kind: z.literal('output'), label: z.string(), text: z.string() }),
	z.object({
		kind: z.literal('compare'),
		label: z.string(),
		expected: z.string(),
		observed: z.string(),
	}),
]);
export type Evidence = z.infer<typeof Evidence>;

export const Failure = z.object({
	/** Stable and kebab-case; wrong solutions name the code they must produce. */
	code: z.string().regex(/^[a-z0-9-]+$/),
	/** What is wrong, in one sentence for a beginner. */
	message: z.string(),
	/** What to try next. */
	hint: z.string(),
	evidence: z.array(Evidence),
	/** The part of the lab's text that teaches this. */
	teaches: z.object({ anchor: z.string(), title: z.string() }).optional(),
});
export type Failure = z.infer<typeof Failure>;

export const CheckResult = z.object({
	id: z.string(),
	title: z.string(),
	phase: JudgePhase,
	/** `skipped`: an earlier check failed, so this one says nothing. */
	status: z.enum(['passed', 'failed', 'skipped']),
	durationMs: z.number().nonnegative(),
	/** What it is worth; 1 in verdicts from before there were points. */
	points: z.number().int().nonnegative().optional(),
	/** Its points come on top, and a verdict is `passed` without it. */
	bonus: z.boolean().optional(),
	failure: Failure.optional(),
});
export type CheckResult = z.infer<typeof CheckResult>;

export const Metrics = z.object({
	durationMs: z.number().nonnegative(),
	buildMs: z.number().nonnegative().optional(),
	imageBytes: z.number().int().nonnegative().optional(),
	/** Container start → first good answer. */
	startMs: z.number().nonnegative().optional(),
});
export type Metrics = z.infer<typeof Metrics>;

/** `failed` is the student's; `error` is ours, is retried, and never counts as theirs. */
export const Verdict = z.discriminatedUnion('status', [
	z.object({ status: z.literal('passed'), checks: z.array(CheckResult), metrics: Metrics }),
	z.object({
		status: z.literal('failed'),
		failures: z.array(Failure).min(1),
		checks: z.array(CheckResult),
		metrics: Metrics,
	}),
	z.object({
		status: z.literal('error'),
		code: z.string(),
		/** Says that the fault is ours and that the work is safe. Details go to the log. */
		message: z.string(),
		checks: z.array(CheckResult),
		metrics: Metrics,
	}),
]);
export type Verdict = z.infer<typeof Verdict>;

/** No judge's word: nobody wants this attempt judged any more. It counts for nothing. */
export const Withdrawn = z.object({
	status: z.literal('withdrawn'),
	why: z.discriminatedUnion('kind', [
		/** Newer work of the same workspace took its place in the queue. */
		z.object({ kind: z.literal('replaced'), by: z.number().int().positive() }),
		z.object({ kind: z.literal('cancelled'), by: z.object({ id: z.string(), name: z.string() }) }),
	]),
	checks: z.array(CheckResult),
	metrics: Metrics,
});
export type Withdrawn = z.infer<typeof Withdrawn>;

/** How an attempt ended: each in exactly one of these. */
export const AttemptVerdict = z.discriminatedUnion('status', [...Verdict.options, Withdrawn]);
export type AttemptVerdict = z.infer<typeof AttemptVerdict>;

/** Without a verdict while it is `queued` or `running`. */
export const AttemptStatus = z.enum([
	...(['queued', 'running', 'passed', 'failed', 'error', 'withdrawn'] as const),
]);
export type AttemptStatus = z.infer<typeof AttemptStatus>;

export interface Score {
	earned: number;
	/** Without the bonus. */
	possible: number;
	/** What `earned` has of checks that come on top. */
	bonus: number;
}

/** Each passed check counts, whatever else failed. */
export function scoreOf(checks: readonly CheckResult[]): Score {
	const sum = (some: readonly CheckResult[]) =>
		some.reduce((points, check) => points + (check.points ?? 1), 0);
	const passed = checks.filter((check) => check.status === 'passed');
	return {
		earned: sum(passed),
		possible: sum(checks.filter((check) => !check.bonus)),
		bonus: sum(passed.filter((check) => check.bonus)),
	};
}
