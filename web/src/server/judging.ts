// Judging an attempt: hands it to runnerd, waits, tries again when the trouble is ours, and writes
// one verdict. Everything is repeatable: whoever takes over after a crash finds the same run.

import type { Database } from '@containrlab/db/connect.ts';
import {
	attemptById,
	markRunning,
	nextTry,
	settle,
	type AttemptRow,
} from '@containrlab/db/queries/attempts.ts';
import { lastTry } from '@containrlab/db/queries/attempt-runs.ts';
import { blobBytes } from '@containrlab/db/queries/blobs.ts';
import { limitsOf } from '@containrlab/db/queries/classes.ts';
import { labVersion, workspaceById } from '@containrlab/db/queries/workspaces.ts';
import type { JudgeRun, JudgeRunRequest } from '@containrlab/protocol/sandbox.ts';
import type { Verdict } from '@containrlab/protocol/verdict.ts';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from './log.ts';
import { finalPhases } from './phases.ts';
import type { Run, RunnerdClient } from './runnerd-client.ts';
import { Refused, Unreachable } from './service-call.ts';
import { submittedFiles } from './submitted-files.ts';

export interface JudgingOptions {
	/** How often a run is tried before we apologise. */
	tries: number;
	/** How long runnerd may be away before that counts as trouble. */
	patienceMs: number;
	/** How long one run may wait and work in all. */
	limitMs: number;
	/** How often we ask, should the event that it is done be missed. */
	pollMs: number;
	retryMs: number;
}

const DEFAULTS: JudgingOptions = {
	tries: 3,
	patienceMs: 5 * 60_000,
	limitMs: 45 * 60_000,
	pollMs: 2_000,
	retryMs: 1_000,
};

const APOLOGY =
	'Something broke on our side, so this attempt says nothing about your work, which is safe. ' +
	'Submit again; if it happens again, tell your instructor.';

/** A run that gave no verdict, and why: for the log and the code on the attempt. */
type Trouble = { status: 'trouble'; code: string };
/** Nobody waits for this run any more. */
type Moot = { status: 'moot' };
type Done = Extract<JudgeRun, { status: 'done' }>;

export class Judging {
	readonly #db: Database;
	readonly #runnerd: RunnerdClient;
	readonly #log: Log;
	readonly #options: JudgingOptions;
	/** One at a time for each attempt in this process, however many jobs ask. */
	readonly #running = new Map<string, Promise<void>>();
	readonly #wakers = new Map<string, () => void>();

	constructor(
		deps: { db: Database; runnerd: RunnerdClient; log: Log },
		options: Partial<JudgingOptions> = {},
	) {
		this.#db = deps.db;
		this.#runnerd = deps.runnerd;
		this.#log = deps.log;
		this.#options = { ...DEFAULTS, ...options };
	}

	/**
	 * Resolves when the attempt has its verdict, from here or from elsewhere. Who asks while it is under
	 * way waits and looks again: another run may have been asked for after this one looked.
	 */
	judge(attemptId: string, signal: AbortSignal): Promise<void> {
		const before = this.#running.get(attemptId)?.catch(() => {});
		const work = (before ?? Promise.resolve())
			.then(() => this.#judge(attemptId, signal))
			.finally(() => {
				if (this.#running.get(attemptId) === work) this.#running.delete(attemptId);
			});
		this.#running.set(attemptId, work);
		return work;
	}

	/** An attempt was withdrawn: its run, if this process waits for it, ends at once. */
	withdrawn(attemptId: string): void {
		this.#wakers.get(attemptId)?.();
	}

	/** runnerd said that a run is done: whoever waits for it asks at once. */
	async done(run: Run): Promise<void> {
		const wake = this.#wakers.get(run.attempt);
		if (wake) return wake();
		const attempt = await attemptById(this.#db, run.attempt);
		// Settled already, and the acknowledgement was lost.
		if (attempt?.verdict) await this.#acknowledge(run);
	}

	async #judge(attemptId: string, signal: AbortSignal): Promise<void> {
		for (;;) {
			const attempt = await attemptById(this.#db, attemptId);
			if (!attempt || attempt.verdict) return;
			const run = { attempt: attemptId, try: attempt.try };
			const tries = attempt.try - (await lastTry(this.#db, attemptId));
			const result = await this.#run(attempt, run, signal);
			if (result.status === 'moot') {
				await this.#acknowledge(run);
				continue;
			}
			const ours = result.status === 'trouble' || result.verdict.status === 'error';
			if (ours) {
				const code = result.status === 'trouble' ? result.code : codeOf(result.verdict);
				this.#log('warn', 'a judge run gave no verdict', { ...run, code });
				if (tries < this.#options.tries && code !== 'lab-mismatch') {
					await nextTry(this.#db, { id: attemptId, try: attempt.try });
					await this.#acknowledge(run);
					await delay(this.#options.retryMs * tries, undefined, { signal });
					continue;
				}
			}
			await this.#settle(run, result);
			await this.#acknowledge(run);
			return;
		}
	}

	/** Only the first who comes with a verdict for this try changes anything. */
	async #settle(run: Run, result: Done | Trouble): Promise<void> {
		const attempt = await attemptById(this.#db, run.attempt);
		const verdict = result.status === 'done' ? result.verdict : apology(result.code);
		await settle(
			this.#db,
			{ id: run.attempt, try: run.try },
			{
				verdict: verdict.status === 'error' ? { ...verdict, message: APOLOGY } : verdict,
				judgeDigest: result.status === 'done' ? result.judgeDigest : null,
				phases: finalPhases(attempt?.phases ?? [], verdict),
				log: result.status === 'done' ? result.log : [],
			},
		);
	}

	async #run(attempt: AttemptRow, run: Run, signal: AbortSignal): Promise<Done | Trouble | Moot> {
		const request = await this.#request(attempt);
		if (!request) return { status: 'trouble', code: 'lab-missing' };
		const began = performance.now();
		let heard = began;
		let started = false;
		for (;;) {
			signal.throwIfAborted();
			if (performance.now() - began > this.#options.limitMs) {
				return { status: 'trouble', code: 'judge-timeout' };
			}
			try {
				const state: JudgeRun | undefined = started
					? await this.#runnerd.run(run, signal)
					: await this.#runnerd.startRun(run, request, signal);
				heard = performance.now();
				if (state?.status === 'done') return state;
				if (!(await this.#wanted(run, state))) return { status: 'moot' };
				// Unknown now: a runnerd without its memory. The same run may be put again.
				started = state !== undefined;
				await this.#doneOr(run, this.#options.pollMs, signal);
			} catch (cause) {
				const trouble = troubleOf(cause);
				if (!trouble) throw cause;
				if (trouble.lasting) return { status: 'trouble', code: trouble.code };
				if (cause instanceof Refused) heard = performance.now();
				if (performance.now() - heard > this.#options.patienceMs) {
					return { status: 'trouble', code: trouble.code };
				}
				await delay(this.#options.retryMs, undefined, { signal });
			}
		}
	}

	/** False when the attempt was withdrawn meanwhile, here or elsewhere, or is at another try. */
	async #wanted(run: Run, state: JudgeRun | undefined): Promise<boolean> {
		const attempt = await attemptById(this.#db, run.attempt);
		if (!attempt || attempt.verdict || attempt.try !== run.try) return false;
		if (state?.status !== 'running' || attempt.status === 'running') return true;
		await markRunning(this.#db, { id: run.attempt, try: run.try });
		return true;
	}

	async #request(attempt: AttemptRow): Promise<JudgeRunRequest | undefined> {
		const lab = await labVersion(this.#db, attempt.labDigest);
		if (!lab) return undefined;
		const workspace = await workspaceById(this.#db, attempt.workspaceId);
		if (!workspace) return undefined;
		const files = await submittedFiles(attempt.files, (sha) => blobBytes(this.#db, sha));
		const limits = limitsOf(workspace.class);
		return { lab: lab.slug, labDigest: lab.digest, files, limits };
	}

	/** Until runnerd says that it is done, or `ms` have passed. */
	async #doneOr(run: Run, ms: number, signal: AbortSignal): Promise<void> {
		const woken = new AbortController();
		this.#wakers.set(run.attempt, () => woken.abort());
		try {
			await delay(ms, undefined, { signal: AbortSignal.any([signal, woken.signal]) });
		} catch {
			signal.throwIfAborted();
		} finally {
			this.#wakers.delete(run.attempt);
		}
	}

	/** When it is lost, runnerd says again that the run is done, or forgets it in its own time. */
	async #acknowledge(run: Run): Promise<void> {
		try {
			await this.#runnerd.acknowledge(run);
		} catch (cause) {
			this.#log('warn', 'a judge run could not be acknowledged', { ...run, cause });
		}
	}
}

const codeOf = (verdict: Verdict): string => (verdict.status === 'error' ? verdict.code : '');

const apology = (code: string): Verdict => ({
	status: 'error',
	code,
	message: APOLOGY,
	checks: [],
	metrics: { durationMs: 0 },
});

/** Undefined for what isn't runnerd's: it goes up, and the job is tried again. */
function troubleOf(cause: unknown): { code: string; lasting: boolean } | undefined {
	if (cause instanceof Unreachable) return { code: 'runner-unreachable', lasting: false };
	if (cause instanceof Refused) {
		// 429 and 503: busy, or starting up; anything else would be refused again.
		return { code: cause.code, lasting: cause.status !== 429 && cause.status !== 503 };
	}
	return undefined;
}
