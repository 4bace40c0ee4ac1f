// Judge runs: each asked for once, run in a clean sandbox, its result kept until it is acknowledged.

import { judge, type PhaseStatus } from '@containrlab/judges/run.ts';
import type { Lab } from '@containrlab/protocol/lab.ts';
import type { RunnerEventBody } from '@containrlab/protocol/events.ts';
import type { JudgeRun, JudgeRunRequest } from '@containrlab/protocol/sandbox.ts';
import type { JudgePhase, Verdict } from '@containrlab/protocol/verdict.ts';
import { LogPieces } from './log.ts';
import { type DoneRun, JudgeRunStore } from './store.ts';
import type { Log } from '../log.ts';
import type { SandboxSource } from '../sandboxes/handle.ts';

export interface JudgeRunsOptions {
	directory: string;
	/** The lab of this slug and digest, if it is taught here. */
	findLab: (slug: string, digest: string) => Promise<Lab | undefined>;
	sandboxes: Pick<SandboxSource, 'acquire'>;
	emit: (event: RunnerEventBody) => void;
	log: Log;
	/** Of the judging code; see judges/digest.ts. */
	judgeDigest: string;
	/** Runs at a time; the others wait in the order in which they came. */
	concurrency?: number;
}

export type PutResult =
	| { ok: true; created: boolean; run: JudgeRun }
	| { ok: false; code: 'lab-mismatch' | 'judge-busy' };

/** Runs and kept results together; beyond this, web has to acknowledge some first. */
const MAX_RUNS = 1000;

interface ActiveRun {
	attempt: string;
	try: number;
	/** Undefined until it has its turn. */
	phase: JudgePhase | undefined;
	abort: AbortController;
	finished: Promise<void>;
}

export class JudgeRuns {
	readonly #options: JudgeRunsOptions;
	readonly #store: JudgeRunStore;
	readonly #active = new Map<string, ActiveRun>();
	readonly #done = new Set<string>();
	/** Keys being accepted, so that two equal requests at once begin one run. */
	readonly #accepting = new Map<string, Promise<PutResult>>();
	readonly #turns: Turns;
	#closed = false;

	constructor(options: JudgeRunsOptions) {
		this.#options = options;
		this.#store = new JudgeRunStore(options.directory);
		this.#turns = new Turns(options.concurrency ?? 2);
	}

	/** Takes up what an earlier launch left: results are kept, interrupted runs begin again. */
	async open(): Promise<void> {
		for (const key of await this.#store.keys()) {
			const stored = await this.#store.read(key).catch((error: unknown) => {
				this.#options.log.error('a stored judge run is unreadable', { key, error });
			});
			if (stored?.state === 'done') this.#done.add(key);
			else if (stored?.state === 'asked') this.#begin(key, stored.request);
		}
	}

	/** Idempotent by attempt and try. */
	async put(attempt: string, tryNumber: number, request: JudgeRunRequest): Promise<PutResult> {
		const key = keyOf(attempt, tryNumber);
		const known = await this.get(attempt, tryNumber);
		if (known) return { ok: true, created: false, run: known };
		const accepting = this.#accepting.get(key);
		if (accepting) return accepting;
		const accepted = this.#accept(key, request).finally(() => this.#accepting.delete(key));
		this.#accepting.set(key, accepted);
		return accepted;
	}

	async get(attempt: string, tryNumber: number): Promise<JudgeRun | undefined> {
		const key = keyOf(attempt, tryNumber);
		const active = this.#active.get(key);
		if (active) return stateOf(active);
		if (!this.#done.has(key)) return undefined;
		const stored = await this.#store.read(key);
		return stored?.state === 'done' ? stored.result : undefined;
	}

	/** Acknowledges a result; a run that is still going is ended without one. */
	async delete(attempt: string, tryNumber: number): Promise<void> {
		const key = keyOf(attempt, tryNumber);
		const active = this.#active.get(key);
		active?.abort.abort(new Error('the run was withdrawn'));
		await active?.finished;
		this.#done.delete(key);
		await this.#store.remove(key);
	}

	/** Ends all runs; they begin again when another launch opens this directory. */
	async close(): Promise<void> {
		this.#closed = true;
		for (const run of this.#active.values()) run.abort.abort(new Error('runnerd is stopping'));
		await Promise.all([...this.#active.values()].map((run) => run.finished));
	}

	async #accept(key: string, request: JudgeRunRequest): Promise<PutResult> {
		const lab = await this.#options.findLab(request.lab, request.labDigest);
		if (!lab) return { ok: false, code: 'lab-mismatch' };
		if (this.#closed || this.#active.size + this.#done.size >= MAX_RUNS) {
			return { ok: false, code: 'judge-busy' };
		}
		await this.#store.write(key, { state: 'asked', request });
		return { ok: true, created: true, run: stateOf(this.#begin(key, request)) };
	}

	#begin(key: string, request: JudgeRunRequest): ActiveRun {
		const cut = key.lastIndexOf('-');
		const run: ActiveRun = {
			attempt: key.slice(0, cut),
			try: Number(key.slice(cut + 1)),
			phase: undefined,
			abort: new AbortController(),
			finished: Promise.resolve(),
		};
		this.#active.set(key, run);
		run.finished = this.#run(key, run, request).catch((error: unknown) => {
			if (run.abort.signal.aborted) return;
			this.#options.log.error('a judge run broke', { key, error });
		});
		return run;
	}

	async #run(key: string, run: ActiveRun, request: JudgeRunRequest): Promise<void> {
		const { signal } = run.abort;
		try {
			using _turn = await this.#turns.take(signal);
			run.phase = 'prepare';
			const lab = await this.#options.findLab(request.lab, request.labDigest);
			const opening = this.#options.sandboxes.acquire('judge', { limits: request.limits, signal });
			opening.catch(() => {});
			try {
				const result = await this.#judge(run, lab, request, opening);
				signal.throwIfAborted();
				await this.#store.write(key, { state: 'done', result });
				this.#done.add(key);
				this.#active.delete(key);
				this.#options.emit({ type: 'judge-done', attempt: run.attempt, try: run.try });
			} finally {
				// The verdict doesn't wait for the sandbox to be cleared away; the next run does.
				await opening.then(
					(sandbox) => sandbox[Symbol.asyncDispose](),
					() => {},
				);
			}
		} finally {
			this.#active.delete(key);
		}
	}

	async #judge(
		run: ActiveRun,
		lab: Lab | undefined,
		request: JudgeRunRequest,
		sandbox: ReturnType<SandboxSource['acquire']>,
	): Promise<DoneRun> {
		const { judgeDigest, emit } = this.#options;
		const about = { attempt: run.attempt, try: run.try };
		const log = new LogPieces(({ phase, text }, seq) =>
			emit({ type: 'judge-log', ...about, phase, seq, text }),
		);
		const onPhase = (phase: JudgePhase, status: PhaseStatus, durationMs?: number) => {
			log.flush();
			run.phase = phase;
			emit({
				type: 'judge-phase',
				...about,
				phase,
				status,
				...(durationMs !== undefined && { durationMs }),
			});
		};
		const verdict = lab
			? await judge(lab, request.files, sandbox, {
					onPhase,
					onLog: (phase, text) => log.add(phase, text),
					onError: (error) =>
						this.#options.log.error('judging failed on our side', { ...about, error }),
					signal: run.abort.signal,
				}).finally(() => log.flush())
			: LAB_GONE;
		return { status: 'done', verdict, judgeDigest, log: log.pieces };
	}
}

/** The lab changed on disk between the request and the run. */
const LAB_GONE: Verdict = {
	status: 'error',
	code: 'lab-mismatch',
	message:
		'This lab was changed while your submission waited. It is not your fault; your work is safe.',
	checks: [],
	metrics: { durationMs: 0 },
};

const stateOf = ({ phase }: ActiveRun): JudgeRun =>
	phase === undefined ? { status: 'waiting' } : { status: 'running', phase };

const keyOf = (attempt: string, tryNumber: number): string => `${attempt}-${tryNumber}`;

/** Lets a few go at a time, in order. */
class Turns {
	#free: number;
	readonly #waiting: (() => void)[] = [];

	constructor(free: number) {
		this.#free = free;
	}

	async take(signal: AbortSignal): Promise<Disposable> {
		signal.throwIfAborted();
		if (this.#free > 0) this.#free -= 1;
		else await this.#wait(signal);
		return { [Symbol.dispose]: () => this.#release() };
	}

	#wait(signal: AbortSignal): Promise<void> {
		return new Promise((resolve, reject) => {
			const go = () => {
				signal.removeEventListener('abort', leave);
				resolve();
			};
			const leave = () => {
				this.#waiting.splice(this.#waiting.indexOf(go), 1);
				reject(signal.reason as Error);
			};
			this.#waiting.push(go);
			signal.addEventListener('abort', leave, { once: true });
		});
	}

	#release(): void {
		const next = this.#waiting.shift();
		if (next) next();
		else this.#free += 1;
	}
}
