// A preflight: what a class's labs will find tomorrow, tried today. web and the command ask runnerd.

import { z } from 'zod';
import { SandboxLimits } from './sandbox.ts';

const Bytes = z.number().int().nonnegative();
const Count = z.number().int().nonnegative();
const Seconds = z.number().nonnegative();

/** Labs of one class; more than any curriculum has. */
const MOST_LABS = 64;

export const PreflightRequest = z.object({
	/** By slug and the digest that web knows, so that both mean the same lab. */
	labs: z
		.array(z.object({ slug: z.string().max(100), digest: z.string().max(100) }))
		.max(MOST_LABS),
	limits: SandboxLimits,
	/** Who are expected at once. */
	students: Count,
});
export type PreflightRequest = z.infer<typeof PreflightRequest>;

/** A lab's solution, built and judged in a fresh sandbox. */
export const Trial = z.object({
	outcome: z.enum(['passed', 'failed', 'error']),
	/** What was wrong first; null when it passed. */
	trouble: z.object({ code: z.string(), message: z.string() }).nullable(),
	/** From the empty sandbox to the verdict. */
	seconds: Seconds,
	/** Of these, the first build; null when there was none. */
	buildSeconds: Seconds.nullable(),
});
export type Trial = z.infer<typeof Trial>;

export const LabFlight = z.object({
	slug: z.string(),
	/** Images that the lab names and that a sandbox doesn't have. */
	missing: z.array(z.string()),
	/** While packages could be fetched; whatever the lab needs was fetched by it. */
	supplied: Trial,
	/** Without any way out; null where there is no mirror to cut off. */
	cut: Trial.nullable(),
	/** What one sandbox had of memory at its highest, and holds of the disk afterwards. */
	memory: Bytes.nullable(),
	disk: Bytes.nullable(),
});
export type LabFlight = z.infer<typeof LabFlight>;

export const PreflightReport = z.object({
	/** Milliseconds since the epoch. */
	at: z.number().int(),
	seconds: Seconds,
	labs: z.array(LabFlight),
	/** Labs of the class that aren't on this server, or another version. */
	unknown: z.array(z.string()),
	/** A sandbox that isn't warm yet, from nothing to a Docker daemon that answers. */
	startSeconds: Seconds.nullable(),
	/** Students whose sandboxes fit at once; null where nobody could measure. */
	fit: z.object({ memory: Count.nullable(), disk: Count.nullable(), students: Count }),
	/** Free on the engine's disk; kept volumes are taken off already. */
	diskFree: Bytes.nullable(),
	cores: Count,
});
export type PreflightReport = z.infer<typeof PreflightReport>;

export const Preflight = z.discriminatedUnion('status', [
	z.object({
		status: z.literal('running'),
		since: z.number().int(),
		/** Trials that are over, of how many; and what is tried just now. */
		done: Count,
		of: Count,
		doing: z.object({ slug: z.string(), pass: z.enum(['supplied', 'cut']) }).nullable(),
	}),
	z.object({ status: z.literal('done'), report: PreflightReport }),
	/** The fault is ours; runnerd's log says more. */
	z.object({ status: z.literal('broken'), at: z.number().int(), code: z.string() }),
]);
export type Preflight = z.infer<typeof Preflight>;

/** Whether nothing stands in the way of a lesson with it, wherever the internet is. */
export const isReady = ({ missing, supplied, cut }: LabFlight): boolean =>
	missing.length === 0 && (cut ?? supplied).outcome === 'passed';

/**
 * Seconds of a build when everyone builds at the same moment: by the cores, which is what builds need.
 * Null when nothing was built.
 */
export function buildTogether(
	{ cut, supplied }: LabFlight,
	{ cores, fit }: Pick<PreflightReport, 'cores' | 'fit'>,
): number | null {
	const { buildSeconds } = cut ?? supplied;
	return buildSeconds === null
		? null
		: buildSeconds * Math.max(1, fit.students / Math.max(1, cores));
}
