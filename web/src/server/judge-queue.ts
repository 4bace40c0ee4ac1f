// The queue of attempts to judge, kept in Postgres. The only module that knows pg-boss.

import { sql } from 'drizzle-orm';
import { fromDrizzle, PgBoss } from 'pg-boss';
import type { Database } from '@containrlab/db/connect.ts';
import { queuedAttempts } from '@containrlab/db/queries/judge-queue.ts';
import type { Executor } from '@containrlab/db/queries/executor.ts';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from './log.ts';
import { soon } from './soon.ts';

/**
 * Two lines, so that a class's worth of runs that staff ask for again keeps no student waiting. Judging
 * here is waiting for runnerd, which alone decides how many runs the machine takes.
 */
const LINES = {
	first: { name: 'judge', atOnce: 16 },
	again: { name: 'judge-again', atOnce: 1 },
} as const;
const RETRY_MS = 1_000;

type Job = { attempt: string };
export type ToJudge = {
	attempt: string;
	/** Whose work it is: of each student one attempt is judged at a time, and the others wait. */
	student: string;
	/** Staff asked for another run. */
	again: boolean;
};
export type Judge = (attemptId: string, signal: AbortSignal) => Promise<void>;

export class JudgeQueue {
	readonly #boss: PgBoss;
	readonly #db: Database;
	readonly #judge: Judge;
	readonly #log: Log;
	readonly #stopping = new AbortController();
	#started: Promise<void> | undefined;
	/** Pages are served from the first moment on; what is submitted in it waits for the queue. */
	readonly #made = Promise.withResolvers<void>();

	constructor(deps: { databaseUrl: string; db: Database; judge: Judge; log: Log }) {
		this.#db = deps.db;
		this.#judge = deps.judge;
		this.#log = deps.log;
		this.#boss = new PgBoss({
			connectionString: deps.databaseUrl,
			max: 4,
			schedule: false,
			// Without it a job waits for the next poll; with it, polls are only the net below.
			useListenNotify: true,
			// A worker that was killed is missed after heartbeat and monitor: about half a minute.
			superviseIntervalSeconds: 10,
			monitorIntervalSeconds: 10,
		});
		this.#boss.on('error', (cause) => this.#log('warn', 'the queue met an error', { cause }));
	}

	/** Begins as soon as the database lets it; attempts without a verdict are taken up again. */
	start(): void {
		this.#started = this.#start();
	}

	async #start(): Promise<void> {
		const { signal } = this.#stopping;
		while (!signal.aborted) {
			try {
				await this.#boss.start();
				for (const { name } of Object.values(LINES)) await this.#create(name);
				this.#made.resolve();
				for (const { name, atOnce } of Object.values(LINES)) {
					for (let n = 0; n < atOnce; n += 1) await this.#work(name, signal);
				}
				// Two jobs for one attempt do no harm: a run is named by attempt and try. A student's
				// turn isn't waited for: a process that was killed seems to have it for a while.
				for (const { id, again } of await queuedAttempts(this.#db)) {
					await this.#send(this.#db, { attempt: id, again });
				}
				return;
			} catch (cause) {
				this.#log('warn', 'the queue cannot start yet', { cause });
				await delay(RETRY_MS, undefined, { signal }).catch(() => {});
			}
		}
	}

	#create(name: string): Promise<void> {
		return this.#boss.createQueue(name, {
			notify: true,
			heartbeatSeconds: 20,
			expireInSeconds: 3600,
			// What fails here is the database or us, never the student: as long as it takes.
			retryLimit: 1000,
			retryDelay: 2,
			retryBackoff: true,
			retryDelayMax: 30,
		});
	}

	/**
	 * Whoever ends a job looks for the next at once: what waited for it isn't notified again, and would
	 * be found by the next poll, which is half a minute away.
	 */
	async #work(name: string, signal: AbortSignal): Promise<void> {
		const options = { localGroupConcurrency: 1, pollingIntervalSeconds: 1 };
		const worker = await this.#boss.work<Job>(name, options, async ([job]) => {
			try {
				if (job) await this.#judge(job.data.attempt, AbortSignal.any([job.signal, signal]));
			} finally {
				this.#boss.notifyWorker(worker);
			}
		});
	}

	async enqueue(tx: Executor, job: ToJudge): Promise<void> {
		await soon(this.#made.promise);
		await this.#send(tx, job);
	}

	async #send(tx: Executor, job: Omit<ToJudge, 'student'> & { student?: string }): Promise<void> {
		const { name } = job.again ? LINES.again : LINES.first;
		const id = await this.#boss.send(name, { attempt: job.attempt } satisfies Job, {
			db: fromDrizzle(tx, sql),
			...(job.student !== undefined && { group: { id: job.student } }),
		});
		if (id === null) throw new Error('the queue took no job');
	}

	/** What is being judged goes on in runnerd, and is found again at the next start. */
	async stop(): Promise<void> {
		this.#stopping.abort(new Error('web is stopping'));
		await this.#started;
		await this.#boss.stop({ graceful: true, timeout: 1_500 });
	}
}
