// The rooms of this process: each loaded once however many ask, unloaded when idle and saved.

import { CLOSE } from '@containrlab/protocol/sync.ts';
import { LIMITS } from './limits.ts';
import { loadRoom, type Load } from './load.ts';
import { Committer } from './log.ts';
import type { LogBounds } from './log-size.ts';
import type { Logger } from './logger.ts';
import type { Close } from './member.ts';
import { Metrics, type Depths } from './metrics.ts';
import { Room } from './room.ts';
import { StorageUnavailable, type Storage } from './storage.ts';
import { Trials } from './trial.ts';
import { Turns } from './turns.ts';

/** Whoever gets a room keeps it loaded until it calls `release`. */
export type Found = { ok: true; room: Room; release: () => void } | { ok: false; close: Close };

type Loading = { ok: true; room: Room } | { ok: false; close: Close };

interface Entry {
	/** Once it is loaded. */
	room: Room | undefined;
	loading: Promise<Loading>;
	uses: number;
	timer: NodeJS.Timeout | undefined;
}

export class Rooms {
	readonly committer: Committer;
	readonly turns = new Turns();
	#storage: Storage;
	#logger: Logger;
	#idleMs: number;
	#trials = new Trials();
	#entries = new Map<string, Entry>();
	#heldMs: number;
	#watch: NodeJS.Timeout | undefined;
	#stopping = false;
	#logBounds: LogBounds;

	constructor(options: {
		storage: Storage;
		logger: Logger;
		metrics?: Metrics | undefined;
		/** How long an unused room stays loaded (ms). */
		idleMs?: number | undefined;
		/** Between looks whether rooms are still ours (ms). */
		heldMs?: number | undefined;
		/** Bytes of a room's log. */
		logBounds?: LogBounds | undefined;
	}) {
		this.#storage = options.storage;
		this.#logger = options.logger;
		this.#idleMs = options.idleMs ?? LIMITS.idleMs;
		this.#heldMs = options.heldMs ?? LIMITS.heldMs;
		this.#logBounds = options.logBounds ?? LIMITS.log;
		this.committer = new Committer({
			storage: this.#storage,
			logger: this.#logger,
			metrics: options.metrics ?? new Metrics(),
		});
	}

	get size(): number {
		return this.#entries.size;
	}

	get depths(): Omit<Depths, 'sockets' | 'outbound'> {
		const { unsaved, unsavedRooms } = this.committer;
		return { rooms: this.size, unsaved, unsavedRooms, trials: this.#trials.waiting };
	}

	/** Whether it takes newcomers: the store is there, and nobody told us to end. */
	get isReady(): boolean {
		return !this.#stopping && !this.committer.away;
	}

	/** The room, loading it if need be; concurrent calls share one load. */
	async open(name: string): Promise<Found> {
		if (this.#stopping) return { ok: false, close: CLOSE.shutdown };
		const entry = this.#entries.get(name) ?? this.#load(name);
		entry.uses += 1;
		clearTimeout(entry.timer);
		const loaded = await entry.loading;
		if (!loaded.ok) return loaded;
		if (loaded.room.broken) return { ok: false, close: CLOSE.recheck };
		let held = true;
		const release = () => {
			if (held) this.#release(name, entry, loaded.room);
			held = false;
		};
		if (!this.#stopping) return { ok: true, room: loaded.room, release };
		release();
		return { ok: false, close: CLOSE.shutdown };
	}

	/** The room if it is loaded or about to be. */
	async loaded(name: string): Promise<Room | undefined> {
		const loaded = await this.#entries.get(name)?.loading;
		return loaded?.ok ? loaded.room : undefined;
	}

	#load(name: string): Entry {
		const loading = this.#read(name);
		const entry: Entry = { room: undefined, loading, uses: 0, timer: undefined };
		this.#entries.set(name, entry);
		this.#watchHeld();
		void loading.then((loaded) => {
			if (loaded.ok) entry.room = loaded.room;
			else if (this.#entries.get(name) === entry) this.#entries.delete(name);
		});
		return entry;
	}

	/** Never rejects. */
	async #read(name: string): Promise<Loading> {
		// A room that can't be saved isn't worth waiting for.
		if (this.committer.away) return { ok: false, close: CLOSE.unavailable };
		try {
			const load = await this.#openAndLoad(name);
			if (!load) return { ok: false, close: CLOSE.unknownRoom };
			if (!load.ok) {
				this.#logger.error('room damaged', { room: name, damaged: load.damaged, seq: load.seq });
				return { ok: false, close: CLOSE.damaged };
			}
			return { ok: true, room: new Room(name, load.room, this.#context()) };
		} catch (cause) {
			this.#logger.error('room not loaded', { room: name, cause });
			const away = cause instanceof StorageUnavailable;
			return { ok: false, close: away ? CLOSE.unavailable : CLOSE.damaged };
		}
	}

	/** Snapshots only spare time: instead of one that is damaged an earlier one will do, or the log. */
	async #openAndLoad(name: string): Promise<Load | undefined> {
		for (let before: number | undefined; ;) {
			const opened = await this.#storage.open(name, before);
			if (!opened) return undefined;
			const load = loadRoom(opened);
			if (load.ok || load.damaged !== 'snapshot') return load;
			this.#logger.error('snapshot damaged', { room: name, seq: load.seq });
			before = load.seq;
		}
	}

	#context() {
		return {
			committer: this.committer,
			turns: this.turns,
			logger: this.#logger,
			trials: this.#trials,
			saveSnapshot: (room: string, epoch: number, seq: number, state: Uint8Array) =>
				this.#storage.saveSnapshot(room, epoch, seq, state),
			fold: (room: string, bytes: number) => this.#storage.foldHistory(room, { bytes }),
			logBounds: this.#logBounds,
			onBroken: (room: Room) => this.#forget(room),
		};
	}

	/** While there are rooms. */
	#watchHeld(): void {
		this.#watch ??= setTimeout(() => {
			void this.#leaveThoseLost().finally(() => {
				this.#watch = undefined;
				if (this.#entries.size > 0 && !this.#stopping) this.#watchHeld();
			});
		}, this.#heldMs).unref();
	}

	/** An append would find out that a room was taken or deleted; who only reads appends nothing. */
	async #leaveThoseLost(): Promise<void> {
		if (this.committer.away) return;
		const rooms: Room[] = [];
		for (const { room } of this.#entries.values()) if (room) rooms.push(room);
		try {
			const found = await this.#storage.positions(rooms.map(({ name }) => name));
			for (const { name, log } of rooms) {
				if (found.get(name)?.epoch !== log.epoch) log.lost('moved');
			}
		} catch (cause) {
			if (!(cause instanceof StorageUnavailable))
				this.#logger.error('rooms not looked up', { cause });
		}
	}

	#release(name: string, entry: Entry, room: Room): void {
		entry.uses -= 1;
		if (entry.uses > 0 || room.broken || this.#entries.get(name) !== entry) return;
		entry.timer = setTimeout(() => void this.#unload(entry, room), this.#idleMs).unref();
	}

	/** The room stays in its place until all is saved, so that nobody loads it half saved. */
	async #unload(entry: Entry, room: Room): Promise<void> {
		await room.settled();
		await room.saveSnapshot();
		if (entry.uses === 0 && room.log.unsaved === 0) this.#forget(room);
	}

	/** It may have been forgotten before, and its place taken by a later load. */
	#forget(room: Room): void {
		const entry = this.#entries.get(room.name);
		if (entry?.room === room) {
			clearTimeout(entry.timer);
			this.#entries.delete(room.name);
		}
		room.doc.destroy();
	}

	/** Tells everyone to come back later, and returns once everything is saved. */
	async drain(): Promise<void> {
		this.#stopping = true;
		clearTimeout(this.#watch);
		for (const entry of this.#entries.values()) {
			clearTimeout(entry.timer);
			const loaded = await entry.loading;
			if (!loaded.ok) continue;
			loaded.room.turn();
			loaded.room.closeAll(CLOSE.shutdown);
		}
		await this.committer.idle();
	}
}
