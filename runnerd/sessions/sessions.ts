// One workspace's sandbox over time: starting → ready → stopping → gone | failed. Transitions run
// one after another; each is durable before anything relies on it.

import { isDeepStrictEqual } from 'node:util';
import {
	type QueuePlace,
	type SandboxLimits,
	type SandboxReason,
	type SandboxState,
	type Session as SessionView,
	type StartSession,
} from '@containrlab/protocol/sandbox.ts';
import type { Log } from '../log.ts';
import { SandboxError } from '../sandboxes/handle.ts';
import type { Box } from '../sandboxes/box.ts';
import { CLEARED_WORDS, FAILURE_WORDS, NEVER, type SessionRecord } from './record.ts';
import type { ProvideContext } from '../supply/supply.ts';
import type { HostContext, HostLifecycle } from './workspace-host.ts';

/** The files may come later (sync may be away); the terminal needn't wait longer than this. */
const FILES_MS = 8000;
/** A sandbox that runs answers at once, unless the machine is very busy. */
const ADOPT_SECONDS = 15;
/** A deadline that moved by less isn't news. */
const DEADLINE_STEP_MS = 30_000;

type StartPhase = Extract<SandboxState, { status: 'starting' }>['phase'];

/** What a session needs of the whole. */
export type SessionWorld<H extends HostLifecycle> = {
	log: Log;
	/** A sandbox for the record's workspace; `commit` makes it the workspace's, durably. */
	provide(record: SessionRecord, context: ProvideContext): Promise<Box>;
	/** The sandbox that the record names, dead or alive. */
	recall(record: SessionRecord): Box | undefined;
	isRunning(box: Box): Promise<boolean>;
	remove(box: Box): Promise<void>;
	removeVolume(name: string): Promise<void>;
	/** Until when the record's class is in session; 0 when it isn't, or nobody said so. */
	inSessionUntil(record: SessionRecord): number;
	limit(box: Box, limits: SandboxLimits): Promise<void>;
	host(context: HostContext): H;
	save(record: SessionRecord): Promise<void>;
	changed(workspace: string, state: SandboxState): void;
	/** Something its owner should know. */
	tell(workspace: string, code: string, message: string): void;
};

/** After these the sandbox starts again, whoever dies meanwhile. */
const RESTARTS: ReadonlySet<SandboxReason> = new Set(['restarted', 'replaced']);

export class Session<H extends HostLifecycle> {
	#record: SessionRecord;
	#world: SessionWorld<H>;
	#live: { box: Box; host: H } | undefined;
	#starting: AbortController | undefined;
	#turn: Promise<void> = Promise.resolve();
	#idleTimer: NodeJS.Timeout | undefined;

	constructor(record: SessionRecord, world: SessionWorld<H>) {
		this.#record = record;
		this.#world = world;
	}

	get workspace(): string {
		return this.#record.request.workspace;
	}

	get view(): SessionView {
		const { workspace, driver } = this.#record.request;
		return { workspace, driver, state: this.#record.state };
	}

	get record(): SessionRecord {
		return this.#record;
	}

	get box(): Box | undefined {
		return this.#live?.box;
	}

	get host(): H | undefined {
		return this.#live?.host;
	}

	/** True when a start began, false when the sandbox is there or on its way. */
	start(request: StartSession): boolean {
		this.limit(request.limits);
		this.#record = { ...this.#record, request, activeAt: Date.now() };
		if (this.#starting || (this.#live && this.#record.state.status === 'ready')) {
			this.#live?.host.update(request);
			this.#renewDeadline(DEADLINE_STEP_MS);
			this.#saveSoon();
			return false;
		}
		this.#record = { ...this.#record, askedAt: Date.now() };
		this.#begin('provide');
		return true;
	}

	/** What it may use; memory and cores from now on, the rest when it starts again. */
	limit(limits: SandboxLimits): void {
		const { request } = this.#record;
		if (isDeepStrictEqual(limits, request.limits)) return;
		this.#record = { ...this.#record, request: { ...request, limits } };
		if (this.#live) void this.#world.limit(this.#live.box, limits);
		this.#saveSoon();
	}

	/** Ends it and starts it again; `fresh`: on another volume. */
	restart(request: StartSession, fresh: boolean): void {
		this.#record = { ...this.#record, discard: fresh || this.#record.discard };
		this.stop(fresh ? 'replaced' : 'restarted').catch((cause) => {
			this.#log('a sandbox that restarts did not stop cleanly', cause);
		});
		this.start(request);
	}

	/** After a launch, or when the engine is back: goes on with what was under way. */
	async resume(): Promise<void> {
		if (this.#live || this.#starting) return;
		const { state, container } = this.#record;
		if (state.status === 'stopping') {
			await this.stop(state.reason);
			if (RESTARTS.has(state.reason)) this.#begin('provide');
		} else if (state.status === 'starting') this.#begin('provide');
		else if (container) this.#begin('adopt');
		else if (state.status === 'ready') this.#setGone('lost');
	}

	/** `adopt`: only a sandbox that still runs; `provide`: else another. */
	#begin(how: 'provide' | 'adopt'): void {
		const starting = (this.#starting = new AbortController());
		if (this.#record.state.status !== 'stopping') this.#setStarting('queued');
		void this.#inTurn(async () => {
			try {
				await this.#bringUp(how, starting.signal);
			} catch (cause) {
				await this.#failed(cause, starting.signal);
			} finally {
				if (this.#starting === starting) this.#starting = undefined;
			}
		});
	}

	async #bringUp(how: 'provide' | 'adopt', signal: AbortSignal): Promise<void> {
		const onPhase = (phase: StartPhase, queue?: QueuePlace) =>
			signal.aborted || this.#setStarting(phase, queue);
		let box = await this.#surviving();
		if (box) {
			onPhase('booting');
			await box.ready(ADOPT_SECONDS, signal);
		} else if (how === 'adopt') {
			return this.#setGone('lost');
		} else {
			if (this.#record.discard) await this.#discardVolume();
			const commit = (box: Box) => this.#commit(box);
			box = await this.#world.provide(this.#record, { signal, onPhase, commit });
		}
		signal.throwIfAborted();
		this.#record = { ...this.#record, home: false };
		onPhase('files');
		const host = this.#world.host(this.#hostContext(box));
		this.#live = { box, host };
		await host.start(AbortSignal.any([signal, AbortSignal.timeout(FILES_MS)])).catch((cause) => {
			signal.throwIfAborted();
			this.#world.log.warn('the files are late', { workspace: this.workspace, cause });
		});
		signal.throwIfAborted();
		const { cleared } = this.#record;
		this.#record = { ...this.#record, activeAt: Date.now(), cleared: false };
		this.#set({ status: 'ready', at: Date.now(), deadline: this.#deadline() });
		if (cleared) this.#world.tell(this.workspace, 'images-cleared', CLEARED_WORDS);
		this.#scheduleIdle();
	}

	/** The sandbox of before, if it runs; else its remains are removed. */
	async #surviving(): Promise<Box | undefined> {
		const box = this.#world.recall(this.#record);
		if (box && !this.#record.discard && (await this.#world.isRunning(box))) return box;
		if (box) await this.#removeBox();
		return undefined;
	}

	/** The moment a sandbox becomes the workspace's: one rename of one file. */
	async #commit(box: Box): Promise<void> {
		const record: SessionRecord = {
			...this.#record,
			volume: { name: box.volume, uid: box.uid },
			container: { id: box.id, sandbox: box.sandbox },
		};
		await this.#world.save(record);
		this.#record = { ...this.#record, volume: record.volume, container: record.container };
	}

	#hostContext(box: Box): HostContext {
		const { workspace, room, ticket, driver } = this.#record.request;
		return {
			facts: { workspace, room, ticket, driver },
			openAgent: () => box.openAgent(),
			touch: () => this.touch(),
		};
	}

	async #failed(cause: unknown, signal: AbortSignal): Promise<void> {
		const away = cause instanceof SandboxError && cause.code === 'engine-unreachable';
		// With the engine away nothing can be removed, and perhaps needn't be.
		if (away) await this.#closeHost(false);
		else await this.#tearDown(false).catch((cause) => this.#log('not all of it is gone', cause));
		if (signal.aborted) return;
		const code = cause instanceof SandboxError ? cause.code : 'start-failed';
		this.#log('a sandbox did not start', cause);
		const reason = code === 'sandbox-lost' ? 'lost' : code;
		this.#set({ status: 'failed', at: Date.now(), reason, message: FAILURE_WORDS[code] });
	}

	/** Ends the sandbox; the volume stays. */
	async stop(reason: SandboxReason): Promise<void> {
		if (this.#record.state.status === 'gone' && !this.#starting) return;
		this.#starting?.abort(new Error(`the start was given up: ${reason}`));
		this.#starting = undefined;
		this.#set({ status: 'stopping', at: Date.now(), reason });
		await this.#inTurn(async () => {
			try {
				await this.#tearDown(true);
			} finally {
				if (!RESTARTS.has(reason)) this.#setGone(reason);
			}
		});
	}

	/** Its container ended by itself or by someone else's hand. */
	async ended(containerId: string): Promise<void> {
		await this.#inTurn(async () => {
			if (this.#record.container?.id !== containerId || !this.#live) return;
			await this.#tearDown(false);
			this.#setGone('lost');
		});
	}

	/** The volume that waits for the workspace's return; undefined while a sandbox uses it. */
	get kept(): (SessionRecord['volume'] & object) | undefined {
		const { state, volume, container } = this.#record;
		const idle = state.status === 'gone' || state.status === 'failed';
		return (idle && !this.#live && !this.#starting && !container && volume) || undefined;
	}

	/** What is kept of it makes room for others', unless it is in use; false then. */
	async clear(): Promise<boolean> {
		let done = false;
		await this.#inTurn(async () => {
			if (!this.kept) return;
			await this.#discardVolume();
			this.#record = { ...this.#record, cleared: true };
			// As it is now: a start may wait behind this.
			const { state } = this.#record;
			if (state.status === 'gone') this.#setGone(state.reason);
			done = true;
		});
		return done;
	}

	/** How much a volume holds that isn't in use. */
	measured(name: string, bytes: number): void {
		const volume = this.kept;
		if (volume?.name !== name) return;
		this.#record = { ...this.#record, volume: { ...volume, bytes } };
		this.#saveSoon();
	}

	/** The engine stopped answering: said plainly; the sandbox may well live on. */
	async engineLost(): Promise<void> {
		// A start finds out by itself, and may wait in line for long.
		if (this.#starting) return;
		await this.#inTurn(async () => {
			if (this.#record.state.status !== 'ready') return;
			await this.#closeHost(false);
			this.#set({
				status: 'failed',
				at: Date.now(),
				reason: 'engine-unreachable',
				message: FAILURE_WORDS['engine-unreachable'],
			});
		});
	}

	/** Someone worked in it. Cheap: called for every key. */
	touch(): void {
		this.#record = { ...this.#record, activeAt: Date.now() };
		const { state } = this.#record;
		if (state.status !== 'ready') return;
		if (this.#deadline() - state.deadline >= DEADLINE_STEP_MS) this.extend();
	}

	/** Moves the deadline as far as it goes, and says so. */
	extend(): void {
		const { state } = this.#record;
		if (state.status !== 'ready') return;
		this.#record = { ...this.#record, activeAt: Date.now() };
		this.#set({ ...state, deadline: this.#deadline() });
	}

	/** runnerd ends: the sandbox goes on without it. */
	async detach(): Promise<void> {
		clearTimeout(this.#idleTimer);
		this.#starting?.abort(new Error('runnerd stops'));
		await this.#inTurn(() => this.#closeHost(true));
		// What lives on goes on writing.
		if (this.#record.container) this.#record = { ...this.#record, home: false };
		await this.#world.save(this.#record);
	}

	async #tearDown(flush: boolean): Promise<void> {
		await this.#closeHost(flush);
		await this.#removeBox();
	}

	async #removeBox(): Promise<void> {
		const box = this.#world.recall(this.#record);
		if (box) await this.#world.remove(box);
		this.#record = { ...this.#record, container: null };
	}

	async #discardVolume(): Promise<void> {
		const { volume } = this.#record;
		if (volume) await this.#world.removeVolume(volume.name);
		this.#record = { ...this.#record, volume: null, discard: false, home: true };
		await this.#world.save(this.#record);
	}

	async #closeHost(flush: boolean): Promise<void> {
		clearTimeout(this.#idleTimer);
		const live = this.#live;
		this.#live = undefined;
		try {
			const home = await live?.host.close({ flush });
			if (home) this.#record = { ...this.#record, home };
		} catch (cause) {
			this.#log('a workspace did not close cleanly', cause);
		}
	}

	/** Its class began or ended a session; `endedAt`: idle time counts from there, not from before. */
	inSession(endedAt = 0): void {
		const activeAt = Math.max(this.#record.activeAt, endedAt);
		this.#record = { ...this.#record, activeAt };
		this.#renewDeadline(1);
	}

	/** What it follows from changed; said if it moved by so much. */
	#renewDeadline(step: number): void {
		const { state } = this.#record;
		if (state.status !== 'ready') return;
		this.#scheduleIdle();
		const deadline = this.#deadline();
		if (Math.abs(deadline - state.deadline) >= step) this.#set({ ...state, deadline });
	}

	#deadline(): number {
		const { idleMinutes } = this.#record.request;
		if (idleMinutes === null) return NEVER;
		const from = Math.max(this.#record.activeAt, this.#world.inSessionUntil(this.#record));
		return from + idleMinutes * 60_000;
	}

	#scheduleIdle(): void {
		clearTimeout(this.#idleTimer);
		if (this.#deadline() === NEVER) return;
		const left = Math.min(Math.max(this.#deadline() - Date.now(), 0), 2 ** 31 - 1);
		this.#idleTimer = setTimeout(() => {
			if (this.#deadline() > Date.now()) this.#scheduleIdle();
			else this.stop('idle').catch((cause) => this.#log('an idle sandbox did not stop', cause));
		}, left).unref();
	}

	#setGone(reason: SandboxReason): void {
		this.#set({ status: 'gone', at: Date.now(), reason, kept: this.#record.volume !== null });
	}

	#setStarting(phase: StartPhase, queue?: QueuePlace): void {
		this.#set({ status: 'starting', at: Date.now(), phase, ...(queue && { queue }) });
	}

	/** Whoever hears of states puts them in order by their time: it never goes back, as a clock may. */
	#set(next: SandboxState): void {
		const state = { ...next, at: Math.max(next.at, this.#record.state.at) };
		this.#record = { ...this.#record, state };
		this.#world.changed(this.workspace, state);
		this.#saveSoon();
	}

	#saveSoon(): void {
		this.#world.save(this.#record).catch((cause) => {
			this.#log('a record could not be saved', cause);
		});
	}

	#inTurn(work: () => Promise<void>): Promise<void> {
		const turn = this.#turn.then(work);
		this.#turn = turn.catch((cause) => {
			this.#log('a transition failed', cause);
		});
		return turn;
	}

	#log(message: string, cause: unknown): void {
		this.#world.log.error(message, { workspace: this.workspace, cause });
	}
}
