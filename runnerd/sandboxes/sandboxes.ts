// All sandboxes of this instance: workspaces' sessions, the warm pool, judges' clean ones; what an
// earlier launch left is taken over, what belongs to nobody is swept away.

import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import {
	DEFAULT_LIMITS,
	type ClassesInSession,
	type RestartSession,
	type SandboxLimits,
	type SandboxState,
	type Session as SessionView,
	type StartSession,
} from '@containrlab/protocol/sandbox.ts';
import type { Engine } from '../engine/engine.ts';
import type { Machine } from '../host/machine.ts';
import type { Owner } from '../host/troubles.ts';
import { InSession } from '../supply/in-session.ts';
import { type KeptBudget, KeptVolumes } from './kept-volumes.ts';
import { Lifecycle } from './lifecycle.ts';
import type { Isolation } from '../isolation/isolation.ts';
import type { Log } from '../log.ts';
import type { Pool } from '../supply/pool.ts';
import type { RoomLimits } from '../supply/room.ts';
import { SandboxError } from './handle.ts';
import type {
	JudgeSandbox,
	SandboxHandle,
	SandboxSource,
	TrialOptions,
	TrialSandbox,
	TrialSource,
} from './handle.ts';
import { Box } from './box.ts';
import { UidSlots } from './slots.ts';
import { Session, type SessionWorld } from '../sessions/sessions.ts';
import { newRecord, type SessionRecord } from '../sessions/record.ts';
import type { RecordStore } from '../sessions/state.ts';
import { Supply } from '../supply/supply.ts';
import type { HostContext, HostLifecycle } from '../sessions/workspace-host.ts';

const ENGINE_RETRY_MS = 500;
const SWEEP_MS = 60_000;
/** An engine that stays away is asked less and less often. */
const ENGINE_RETRY_MOST_MS = 5000;
/** A restart of the engine shorter than this isn't told to anybody. */
const AWAY_MS = 3000;
/** How long opening waits for an engine that may not be there yet. */
const FIRST_LOOK_MS = 5000;
const ADOPT_SECONDS = 15;
/** How often it is looked for what the pool should hold: classes begin and end, students come and go. */
const AIM_MS = 5000;
/** After a launch web is given so long to say who is in session, before warm ones are too many. */
const TELL_MS = 30_000;

export type SandboxesOptions<H extends HostLifecycle> = {
	engine: Engine;
	store: RecordStore<SessionRecord>;
	image: string;
	imagesVolume: string | undefined;
	/** Has the sockets of the mirror; without it nothing outside answers. */
	mirrorVolume?: string | undefined;
	/** Without one, no sandbox is looked at before it is handed out; for tests. */
	isolation?: Isolation | undefined;
	/** What bounds the sandboxes together, and gives them disks; without it neither is done. */
	machine?: Machine;
	poolSize: number;
	kept: KeptBudget;
	/** Instead of what the engine's host would bear. */
	room?: Partial<RoomLimits>;
	log: Log;
	host(context: HostContext): H;
	changed(workspace: string, state: SandboxState): void;
	/** Something a workspace's owner should know. */
	tell(workspace: string, code: string, message: string): void;
};

export class Sandboxes<H extends HostLifecycle> implements SandboxSource, TrialSource {
	#options: SandboxesOptions<H>;
	#engine: Engine;
	#log: Log;
	#sessions = new Map<string, Session<H>>();
	#lifecycle: Lifecycle;
	#supply: Supply;
	#pool: Pool;
	#inSession = new InSession();
	#inSessionTold = false;
	#launchedAt = performance.now();
	#aiming: NodeJS.Timeout | undefined;
	#world: SessionWorld<H>;
	#kept: KeptVolumes;
	#closed = new AbortController();
	#watching: Promise<void> | undefined;

	constructor(options: SandboxesOptions<H>) {
		this.#options = options;
		this.#engine = options.engine;
		this.#log = options.log;
		const slots = new UidSlots(() => this.#keptUids());
		const onGone = () => this.#supply.look();
		this.#lifecycle = new Lifecycle({ ...options, slots, onGone });
		this.#supply = new Supply({ ...options, lifecycle: this.#lifecycle });
		this.#pool = this.#supply.pool;
		const { volumes } = this.#lifecycle;
		this.#kept = new KeptVolumes({ ...options, volumes, owners: () => this.#sessions.values() });
		this.#world = this.#makeWorld();
	}

	/** Takes over what there is and keeps watch; an engine that is away is waited for, but not here. */
	async open(): Promise<void> {
		for (const record of (await this.#options.store.load()).values()) {
			this.#add(record);
			const box = this.#recall(record);
			if (box) this.#lifecycle.hold(box, record.request.limits);
		}
		this.#supply.open();
		this.#aiming = setInterval(() => this.#aimPool(), AIM_MS).unref();
		const first = Promise.withResolvers<void>();
		this.#watching = this.#keepWatch(first.resolve);
		await Promise.race([first.promise, sleep(FIRST_LOOK_MS, undefined, { ref: false })]);
	}

	start(request: StartSession): { began: boolean; session: SessionView } {
		const session = this.#sessions.get(request.workspace) ?? this.#add(newRecord(request));
		const began = session.start(request);
		if (began) this.#aimPool();
		return { began, session: session.view };
	}

	/** Ends it, if there is one, and starts it again; `fresh`: without what its volume kept. */
	restart({ fresh, ...request }: RestartSession): SessionView {
		const session = this.#sessions.get(request.workspace) ?? this.#add(newRecord(request));
		session.restart(request, fresh);
		return session.view;
	}

	view(workspace: string): SessionView | undefined {
		return this.#sessions.get(workspace)?.view;
	}

	list(): SessionView[] {
		return Array.from(this.#sessions.values(), (session) => session.view);
	}

	async stop(workspace: string): Promise<void> {
		await this.#sessions.get(workspace)?.stop('ended');
	}

	/** Ends it for good: the workspace itself is deleted, and its volume and record go too. */
	async forget(workspace: string): Promise<void> {
		const session = this.#sessions.get(workspace);
		if (!session) return;
		await session.stop('ended');
		// Without its record, a volume that can't be removed now is the next sweep's.
		this.#sessions.delete(workspace);
		await this.#options.store.remove(workspace);
		if (session.record.volume) await this.#lifecycle.volumes.remove(session.record.volume.name);
	}

	extend(workspace: string): void {
		this.#sessions.get(workspace)?.extend();
	}

	touch(workspace: string): void {
		this.#sessions.get(workspace)?.touch();
	}

	get(workspace: string): SandboxHandle | undefined {
		return this.#sessions.get(workspace)?.box;
	}

	host(workspace: string): H | undefined {
		return this.#sessions.get(workspace)?.host;
	}

	async openAgent(workspace: string): Promise<Duplex> {
		const box = this.#sessions.get(workspace)?.box;
		if (!box) throw new SandboxError('sandbox-lost', 'the workspace has no sandbox');
		return box.openAgent();
	}

	acquire(
		_purpose: 'judge',
		{ limits = DEFAULT_LIMITS, signal }: { limits?: SandboxLimits; signal: AbortSignal },
	): Promise<JudgeSandbox> {
		return this.#supply.forJudge(limits, signal);
	}

	trial(
		limits: SandboxLimits,
		{ signal, ...trial }: TrialOptions & { signal: AbortSignal },
	): Promise<TrialSandbox> {
		return this.#supply.forJudge(limits, signal, trial);
	}

	places(memory: number): Promise<number> {
		return this.#supply.places(memory);
	}

	measure(volume: string): Promise<{ bytes: number | undefined; free: number }> {
		return this.#kept.look(volume);
	}

	/** What each sandbox of a class may use from now on; what can't change while it runs, later. */
	limitClass(classId: string, limits: SandboxLimits): void {
		for (const session of this.#sessions.values()) {
			if (session.record.request.class === classId) session.limit(limits);
		}
	}

	/** Classes that are in session, or about to be: replaces what was said before. */
	inSession(classes: ClassesInSession): void {
		this.#inSessionTold = true;
		const changed = this.#inSession.replace(classes, Date.now());
		for (const session of this.#sessions.values()) {
			const { class: classId } = session.record.request;
			const change = classId === undefined ? undefined : changed.get(classId);
			if (change) session.inSession(change.endedAt);
		}
		this.#aimPool();
	}

	/** As many warm ones as always, and those for whom classes in session still wait. */
	#aimPool(): void {
		if (this.#closed.signal.aborted) return;
		if (!this.#inSessionTold && performance.now() - this.#launchedAt < TELL_MS) return;
		const there = (classId: string) =>
			Array.from(this.#sessions.values()).filter(
				({ record: { request, state } }) =>
					request.class === classId && (state.status === 'ready' || state.status === 'starting'),
			).length;
		const claims = Array.from(this.#sessions.values()).filter(
			({ record: { state, container } }) => state.status === 'starting' && !container,
		);
		const always = { make: DEFAULT_LIMITS, count: this.#options.poolSize };
		const wanted = this.#inSession.wanted(there, Date.now());
		this.#pool.aim([always, ...wanted], claims.length);
	}

	/** Brings what is kept of ended sandboxes under its budget; else it happens a while after an end. */
	trimKept(): Promise<void> {
		return this.#kept.trim();
	}

	get counts() {
		return { sandboxes: this.#lifecycle.count, warm: this.#pool.count };
	}

	/** Stops watching; every sandbox goes on, for the next launch to take over. */
	async close(): Promise<void> {
		this.#closed.abort(new Error('runnerd stops'));
		clearInterval(this.#aiming);
		await Promise.allSettled([
			this.#supply.close(),
			this.#kept.close(),
			this.#watching,
			...Array.from(this.#sessions.values(), (session) => session.detach()),
		]);
	}

	#add(record: SessionRecord): Session<H> {
		const session = new Session(record, this.#world);
		this.#sessions.set(session.workspace, session);
		return session;
	}

	#recall({ container, volume }: SessionRecord): Box | undefined {
		if (!container || !volume) return undefined;
		return new Box(this.#engine, { ...container, uid: volume.uid, volume: volume.name });
	}

	*#keptUids(): Generator<number> {
		for (const { record } of this.#sessions.values()) if (record.volume) yield record.volume.uid;
	}

	#makeWorld(): SessionWorld<H> {
		return {
			log: this.#log,
			provide: (record, context) => this.#supply.forWorkspace(record, context),
			recall: (record) => this.#recall(record),
			isRunning: (box) => this.#engine.isRunning(box.id),
			remove: (box) => this.#lifecycle.remove(box, { keepVolume: true }),
			removeVolume: (name) => this.#lifecycle.volumes.remove(name),
			inSessionUntil: ({ request }) => this.#inSession.until(request.class),
			limit: (box, limits) => this.#lifecycle.limit(box, limits),
			host: (context) => this.#options.host(context),
			save: (record) => this.#options.store.write(record.request.workspace, record),
			changed: (workspace, state) => {
				if (state.status === 'gone') this.#kept.soon();
				this.#options.changed(workspace, state);
			},
			tell: (workspace, code, message) => this.#options.tell(workspace, code, message),
		};
	}

	/** Whose running sandbox has this container, or this volume. */
	ownerOf(what: { container: string } | { volume: string }): Owner | undefined {
		for (const { record } of this.#sessions.values()) {
			const { container, volume, request } = record;
			if (!container || !volume) continue;
			const is =
				'container' in what ? container.id === what.container : volume.name === what.volume;
			if (is) return { workspace: request.workspace, limits: request.limits };
		}
		return undefined;
	}

	/** If nothing enters it any more: ends all that runs in it but the sandbox itself. */
	async relieve(workspace: string): Promise<void> {
		const box = this.#sessions.get(workspace)?.box;
		if (!box || (await box.canEnter())) return;
		this.#log.warn('a sandbox is full of processes, which are ended', { workspace });
		await box.relieve();
	}

	/** Ends a sandbox that takes too much room, and its volume: else it would be as full again. */
	async evict(workspace: string): Promise<void> {
		const session = this.#sessions.get(workspace);
		await session?.stop('disk-taken');
		await session?.clear();
	}

	/** From each connection to the engine to its break: take stock, then hear of every end. */
	async #keepWatch(looked: () => void): Promise<void> {
		const { signal } = this.#closed;
		let awaySince: number | undefined;
		for (let failures = 0; !signal.aborted;) {
			const connection = new AbortController();
			try {
				const { broken } = await this.#engine.watch(
					(id) => this.#ended(id),
					AbortSignal.any([signal, connection.signal]),
				);
				// Beside taking stock: what it gives is waited for by those who need it.
				void this.#options.machine?.open();
				await this.#takeStock();
				if (failures > 0) this.#log.info('the engine answers again');
				failures = 0;
				awaySince = undefined;
				looked();
				await this.#sweepUntil(broken);
			} catch (cause) {
				if (signal.aborted) return;
				// Said once, not at every try: it may be away for hours.
				if (failures === 1) this.#log.warn('the engine can not be watched', { cause });
			} finally {
				connection.abort();
			}
			failures++;
			awaySince ??= performance.now();
			if (performance.now() - awaySince > AWAY_MS) await this.#engineAway();
			const wait = Math.min(ENGINE_RETRY_MS * 2 ** (failures - 1), ENGINE_RETRY_MOST_MS);
			await sleep(wait, undefined, { signal }).catch(() => {});
		}
	}

	/** Compares what we think with what the engine has; in this order, so that nothing of ours is swept. */
	async #takeStock(): Promise<void> {
		const containers = await this.#engine.containers();
		const running = new Set(containers.filter((one) => one.running).map((one) => one.id));
		const image = await this.#engine.imageId(this.#options.image);
		for (const box of this.#pool.boxes.slice()) if (!running.has(box.id)) this.#ended(box.id);
		for (const container of containers) {
			if (!this.#lifecycle.isWarm(container) || container.imageId !== image) continue;
			const box = this.#lifecycle.describe(container);
			// It may have been killed half way through its start.
			if (!box) continue;
			const settled = this.#lifecycle
				.settle(box, DEFAULT_LIMITS, ADOPT_SECONDS, this.#closed.signal)
				.then(
					() => true,
					() => false,
				);
			if (await settled) this.#pool.adopt(box, this.#lifecycle.makeOf(container));
		}
		for (const session of this.#sessions.values()) {
			if (session.box && !running.has(session.box.id)) this.#ended(session.box.id);
			else await session.resume();
		}
		await this.#sweep();
		this.#kept.soon();
		this.#pool.fill();
	}

	/** What couldn't be removed when it should have been goes later, not at the next launch. */
	async #sweepUntil(broken: Promise<void>): Promise<void> {
		const { signal } = this.#closed;
		const over = broken.then(() => true);
		while (!(await Promise.race([over, sleep(SWEEP_MS, false, { signal })]))) await this.#sweep();
	}

	#sweep(): Promise<void> {
		const sessions = () => Array.from(this.#sessions.values());
		return this.#lifecycle.sweep((volume) =>
			sessions().some(({ record }) => record.volume?.name === volume),
		);
	}

	#ended(containerId: string): void {
		const told = [
			this.#pool.ended(containerId),
			...Array.from(this.#sessions.values(), (session) => session.ended(containerId)),
		];
		Promise.all(told).catch((cause) => {
			this.#log.warn('a sandbox that ended is not all gone', { cause });
		});
	}

	async #engineAway(): Promise<void> {
		await Promise.all(Array.from(this.#sessions.values(), (session) => session.engineLost()));
	}
}
