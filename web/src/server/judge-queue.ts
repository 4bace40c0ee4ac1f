// The queue of attempts to judge, kept in Postgres. The only module that knows pg-boss.

import { sql } from 'drizzle-orm';
import { fromDrizzle, PgBoss } from 'pg-boss';
import type { Database } from '@containrlab/db/connect.ts';
import { openAttempts } from '@containrlab/db/queries/attempts.ts';
import type { Executor } from '@containrlab/db/queries/executor.ts';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from './log.ts';
import { soon } from './soon.ts';

const QUEUE = 'judge';
/** Judging here is waiting for runnerd, which admits as many runs as the machine can take. */
const AT_ONCE = 16;
const RETRY_MS = 1_000;

type Job = { attempt: string };
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
				await this.#boss.createQueue(QUEUE, {
					notify: true,
					heartbeatSeconds: 20,
					expireInSeconds: 3600,
					// What fails here is the database or us, never the student: as long as it takes.
					retryLimit: 1000,
					retryDelay: 2,
					retryBackoff: true,
					retryDelayMax: 30,
				});
				this.#made.resolve();
				const options = { localConcurrency: AT_ONCE, pollingIntervalSeconds: 1 };
				await this.#boss.work<Job>(QUEUE, options, async ([job]) => {
					if (job) await this.#judge(job.data.attempt, AbortSignal.any([job.signal, signal]));
				});
				// Two jobs for one attempt do no harm: a run is named by attempt and try.
				for (const { id } of await openAttempts(this.#db)) await this.enqueue(this.#db, id);
				return;
			} catch (cause) {
				this.#log('warn', 'the queue cannot start yet', { cause });
				await delay(RETRY_MS, undefined, { signal }).catch(() => {});
			}
		}
	}

	async enqueue(tx: Executor, attemptId: string): Promise<void> {
		await soon(this.#made.promise);
		const id = await this.#boss.send(QUEUE, { attempt: attemptId } satisfies Job, {
			db: fromDrizzle(tx, sql),
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
