// Judges one submission in one clean sandbox: places the files, measures, checks, gives the verdict.

import type { Lab } from '@containrlab/protocol/lab.ts';
import type { SubmittedFile } from '@containrlab/protocol/sandbox.ts';
import {
	type CheckResult,
	type Failure,
	JudgePhase,
	type Metrics,
	type Verdict,
} from '@containrlab/protocol/verdict.ts';
import { bindChecks, type BoundCheck } from './checks/library.ts';
import type { Facts } from './checks/check.ts';
import { measure } from './facts.ts';
import { RunLog } from './log.ts';
import { InfrastructureError, type Sandbox } from './sandbox.ts';
import { refusedPath, withPlants } from './submission.ts';

export type PhaseStatus = 'running' | 'passed' | 'failed' | 'skipped';

export interface JudgeOptions {
	onPhase?: (phase: JudgePhase, status: PhaseStatus, durationMs?: number) => void;
	/** Plain text, whole lines where possible, at most LOG_LIMIT in all. */
	onLog?: (phase: JudgePhase, text: string) => void;
	/** What went wrong on our side; the verdict says only that something did. */
	onError?: (error: unknown) => void;
	/** Ends the run without a verdict: the call rejects with the signal's reason. */
	signal?: AbortSignal;
	/** Milliseconds. */
	now?: () => number;
}

/** Placing a submission's files takes milliseconds; beyond this the sandbox is sick. */
const PLACE_MS = 60_000;

type Results = Map<BoundCheck, CheckResult>;

/**
 * The sandbox must be clean and is the run's alone; it may be on its way. Never rejects but by the
 * signal: what fails on our side is an `error` verdict.
 */
export async function judge(
	lab: Lab,
	files: readonly SubmittedFile[],
	sandbox: Sandbox | Promise<Sandbox>,
	options: JudgeOptions = {},
): Promise<Verdict> {
	const now = options.now ?? (() => performance.now());
	const started = now();
	const metrics: Partial<Metrics> = {};
	const measured = (): Metrics => ({ ...metrics, durationMs: now() - started });
	const checks = bindChecks(lab);
	const results: Results = new Map();
	const listed = () => checks.map((check) => results.get(check) ?? skipped(check));
	const phases = new Phases(now, options.onPhase);
	try {
		const refused = refusedPath(files);
		const log = new RunLog(options.onLog ?? (() => {}));
		const facts = await phases.run('prepare', async () => {
			const ready = await sandbox;
			options.signal?.throwIfAborted();
			if (refused) return { passed: false, value: undefined };
			const signalled = options.signal ? { signal: options.signal } : {};
			await place(ready, withPlants(lab, files), options.signal);
			return {
				passed: true,
				value: measure({ lab, files, sandbox: ready, log, now, metrics, ...signalled }),
			};
		});
		if (facts) await runPhases(checks, results, facts, phases);
		else phases.skip(JudgePhase.options.slice(1));
		const counted = listed().filter(({ bonus }) => !bonus);
		const failures = distinct([refused, ...counted.map(({ failure }) => failure)]);
		return failures.length > 0
			? { status: 'failed', failures, checks: listed(), metrics: measured() }
			: { status: 'passed', checks: listed(), metrics: measured() };
	} catch (error) {
		options.signal?.throwIfAborted();
		options.onError?.(error);
		phases.broke();
		return {
			status: 'error',
			code: codeOf(error),
			message:
				'Something on our side kept this submission from being judged. It is not your fault, and your work is safe.',
			checks: listed(),
			metrics: measured(),
		};
	}
}

async function place(
	sandbox: Sandbox,
	files: readonly SubmittedFile[],
	signal: AbortSignal | undefined,
): Promise<void> {
	const late = AbortSignal.timeout(PLACE_MS);
	try {
		await sandbox.putFiles(files, { signal: signal ? AbortSignal.any([signal, late]) : late });
	} catch (cause) {
		if (!late.aborted) throw cause;
		throw new InfrastructureError('prepare-timeout', 'placing the files took too long', { cause });
	}
}

async function runPhases(
	checks: readonly BoundCheck[],
	results: Results,
	facts: Facts,
	phases: Phases,
): Promise<void> {
	for (const phase of JudgePhase.options.slice(1)) {
		const mine = checks.filter((check) => check.phase === phase);
		const due = mine.filter((check) => !isBlocked(check, results));
		for (const check of mine) if (!due.includes(check)) results.set(check, skipped(check));
		if (due.length === 0) {
			phases.skip([phase]);
			continue;
		}
		await phases.run(phase, async () => {
			for (const together of turns(due)) await runTurn(together, results, facts);
			return { passed: due.every((check) => isFine(check, results)), value: undefined };
		});
	}
}

/**
 * What may run side by side: neighbours that only look, so that the context is measured while the image
 * builds. What changes something has a turn of its own, between what stands before and behind it.
 */
export function turns<Check extends Pick<BoundCheck, 'onlyLooks' | 'needs' | 'name'>>(
	checks: readonly Check[],
): Check[][] {
	const found: Check[][] = [];
	for (const check of checks) {
		const last = found.at(-1);
		const alone = last?.some((other) => !other.onlyLooks || check.needs.includes(other.name));
		if (last && check.onlyLooks && !alone) last.push(check);
		else found.push([check]);
	}
	return found;
}

async function runTurn(
	together: readonly BoundCheck[],
	results: Results,
	facts: Facts,
): Promise<void> {
	// What is needed may have failed in this phase's own earlier turns.
	const blocked = together.filter((check) => isBlocked(check, results));
	for (const check of blocked) results.set(check, skipped(check));
	const free = together.filter((check) => !blocked.includes(check));
	await allSettled(free.map((check) => runCheck(check, results, facts)));
}

const isFine = (check: BoundCheck, results: Results): boolean =>
	check.bonus || !results.get(check)?.failure;

/** Two requests that fail alike are one thing to mend. */
function distinct(failures: (Failure | undefined)[]): Failure[] {
	const found = failures.flatMap((failure) => failure ?? []);
	const same = (a: Failure, b: Failure) => a.code === b.code && a.message === b.message;
	return found.filter((failure, index) => found.findIndex((one) => same(one, failure)) === index);
}

/** Unlike Promise.all, leaves nothing running behind a failure. */
async function allSettled(work: Promise<void>[]): Promise<void> {
	for (const result of await Promise.allSettled(work)) {
		if (result.status === 'rejected') throw result.reason;
	}
}

function isBlocked(check: BoundCheck, results: Results): boolean {
	return [...results].some(
		([other, result]) => check.needs.includes(other.name) && result.status !== 'passed',
	);
}

async function runCheck(check: BoundCheck, results: Results, facts: Facts): Promise<void> {
	const started = facts.now();
	const failure: Failure | undefined = await check.run(facts);
	results.set(check, {
		...shown(check),
		status: failure ? 'failed' : 'passed',
		durationMs: facts.now() - started,
		...(failure && { failure }),
	});
}

function skipped(check: BoundCheck): CheckResult {
	return { ...shown(check), status: 'skipped', durationMs: 0 };
}

function shown({ id, title, phase, points, bonus }: BoundCheck) {
	return { id, title, phase, points, ...(bonus && { bonus }) };
}

/** A stable code that errors of ours carry; anything else is a mistake in our code. */
function codeOf(error: unknown): string {
	const code = error instanceof Error && 'code' in error ? error.code : undefined;
	return typeof code === 'string' && /^[a-z][a-z-]*$/.test(code) ? code : 'internal';
}

class Phases {
	readonly #now: () => number;
	readonly #onPhase: NonNullable<JudgeOptions['onPhase']>;
	#current: JudgePhase | undefined;

	constructor(now: () => number, onPhase: JudgeOptions['onPhase']) {
		this.#now = now;
		this.#onPhase = onPhase ?? (() => {});
	}

	async run<T>(phase: JudgePhase, work: () => Promise<{ passed: boolean; value: T }>): Promise<T> {
		const started = this.#now();
		this.#current = phase;
		this.#onPhase(phase, 'running');
		const { passed, value } = await work();
		this.#onPhase(phase, passed ? 'passed' : 'failed', this.#now() - started);
		this.#current = undefined;
		return value;
	}

	skip(phases: readonly JudgePhase[]): void {
		for (const phase of phases) this.#onPhase(phase, 'skipped');
	}

	/** Our own fault is no phase of the student's that failed. */
	broke(): void {
		if (this.#current) this.#onPhase(this.#current, 'skipped');
		this.#current = undefined;
	}
}
