// runnerd's events into our tables: one reader, each event once, resumed where it stopped.

import type { Database } from '@containrlab/db/connect.ts';
import { appendLog, attemptById, recordPhase } from '@containrlab/db/queries/attempts.ts';
import {
	emitWorkspaceEvent,
	readCursor,
	workspacesThoughtAlive,
	writeCursor,
	type Cursor,
} from '@containrlab/db/queries/events.ts';
import type { Executor } from '@containrlab/db/queries/executor.ts';
import { keepRecordingPart } from '@containrlab/db/queries/recordings.ts';
import type { RunnerEventBody, RunnerEventLine } from '@containrlab/protocol/events.ts';
import { setTimeout as delay } from 'node:timers/promises';
import { isTemporary } from './failure.ts';
import type { Log } from './log.ts';
import type { Run, RunnerdClient } from './runnerd-client.ts';
import { SandboxBlobs } from './sandbox-blobs.ts';

const RUNNER = 'runnerd';
const RECONNECT_MS = 500;
const RECONNECT_MAX_MS = 5_000;

export interface RunnerEventDeps {
	db: Database;
	runnerd: RunnerdClient;
	/** A sandbox misses bytes that its document names; without a list, it may miss any. */
	onMissing: (workspaceId: string, shas?: readonly string[]) => Promise<void>;
	onJudgeDone: (run: Run) => Promise<void>;
	log: Log;
}

type Hello = Extract<RunnerEventLine, { line: 'hello' }>;

export class RunnerEvents {
	readonly #deps: RunnerEventDeps;
	readonly #blobs: SandboxBlobs;
	readonly #stopping = new AbortController();
	#loop: Promise<void> | undefined;
	/** Says once that runnerd is away, not at each try. */
	#wasConnected = true;

	constructor(deps: RunnerEventDeps) {
		this.#deps = deps;
		this.#blobs = new SandboxBlobs(deps.db, deps.runnerd);
	}

	start(): void {
		this.#loop ??= this.#run();
	}

	async stop(): Promise<void> {
		this.#stopping.abort(new Error('web is stopping'));
		await this.#loop;
	}

	async #run(): Promise<void> {
		const { signal } = this.#stopping;
		let wait = RECONNECT_MS;
		while (!signal.aborted) {
			try {
				await this.#read(() => {
					wait = RECONNECT_MS;
					this.#wasConnected = true;
				});
			} catch (cause) {
				if (signal.aborted) return;
				if (this.#wasConnected) this.#deps.log('warn', "runnerd's events broke off", { cause });
				this.#wasConnected = false;
			}
			await delay(wait, undefined, { signal }).catch(() => {});
			wait = Math.min(wait * 2, RECONNECT_MAX_MS);
		}
	}

	async #read(connected: () => void): Promise<void> {
		const { db, runnerd } = this.#deps;
		const cursor = (await readCursor(db, RUNNER)) ?? { launch: '', seq: 0 };
		const from = { launch: cursor.launch, after: cursor.seq };
		let launch: string | undefined;
		for await (const line of runnerd.events(from, this.#stopping.signal)) {
			connected();
			if (line.line === 'hello') {
				launch = line.launch;
				if (launch !== cursor.launch || line.from > cursor.seq + 1) await this.#takeAsTruth(line);
			} else if (line.line === 'event') {
				if (launch === undefined) throw new Error('runnerd sent an event before its hello');
				await this.#take({ launch, seq: line.seq }, line.event);
			}
		}
	}

	/** We missed something for good: what is said now counts, and what isn't said is gone. */
	async #takeAsTruth(hello: Hello): Promise<void> {
		await this.#deps.db.transaction(async (tx) => {
			await writeCursor(tx, RUNNER, { launch: hello.launch, seq: hello.from - 1 });
			const there = new Set(hello.sessions.map((session) => session.workspace));
			for (const workspace of await workspacesThoughtAlive(tx)) {
				if (there.has(workspace)) continue;
				const state = { status: 'gone', at: Date.now(), reason: 'lost' } as const;
				await emitWorkspaceEvent(tx, workspace, { type: 'sandbox', workspace, state });
			}
			for (const { workspace, state } of hello.sessions) {
				await emitWorkspaceEvent(tx, workspace, { type: 'sandbox', workspace, state });
			}
		});
		for (const { workspace, state } of hello.sessions) {
			if (state.status === 'ready') this.#besides(this.#deps.onMissing(workspace));
		}
	}

	async #take(at: Cursor, event: RunnerEventBody): Promise<void> {
		const { db, log } = this.#deps;
		try {
			if (event.type === 'blob') await this.#blobs.keep(event);
			const isNew = await db.transaction(async (tx) => {
				const cursor = await readCursor(tx, RUNNER, 'locked');
				if (cursor?.launch === at.launch && cursor.seq >= at.seq) return false;
				await writeCursor(tx, RUNNER, at);
				await store(tx, event);
				return true;
			});
			if (isNew) this.#after(event);
		} catch (cause) {
			if (isTemporary(cause)) throw cause;
			// One event that can't be stored must not keep all later ones from being read.
			log('error', 'an event of runnerd was left out', { type: event.type, cause });
			await writeCursor(db, RUNNER, at);
		}
	}

	#after(event: RunnerEventBody): void {
		if (event.type === 'sandbox' && event.state.status === 'ready') {
			this.#besides(this.#deps.onMissing(event.workspace));
		}
		if (event.type === 'blobs-missing') {
			this.#besides(this.#deps.onMissing(event.workspace, event.shas));
		}
		if (event.type === 'judge-done') this.#besides(this.#deps.onJudgeDone(event));
	}

	/** Beside the stream, which doesn't wait for it. */
	#besides(work: Promise<void>): void {
		work.catch((cause: unknown) => this.#deps.log('warn', 'after an event', { cause }));
	}
}

/** Events about what we don't know (deleted meanwhile) change nothing. */
async function store(tx: Executor, event: RunnerEventBody): Promise<void> {
	switch (event.type) {
		case 'sandbox':
		case 'terminal':
		case 'ports':
		case 'warning':
			return emitWorkspaceEvent(tx, event.workspace, event);
		case 'judge-phase': {
			const { phase, status, durationMs } = event;
			const run = { id: event.attempt, try: event.try };
			const known = durationMs === undefined ? {} : { durationMs };
			await recordPhase(tx, run, { phase, status, ...known });
			return;
		}
		case 'judge-log': {
			const run = { id: event.attempt, try: event.try };
			if (await attemptById(tx, event.attempt)) await appendLog(tx, run, [event]);
			return;
		}
		case 'recording':
			return keepRecordingPart(tx, event);
		case 'blob':
		case 'blobs-missing':
		case 'judge-done':
			return;
	}
}
