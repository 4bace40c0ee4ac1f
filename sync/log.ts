// The group commit: rooms queue rows, one statement at a time stores what all of them have, and each
// room hears, in order, how far its log is durable.

import { setTimeout as delay } from 'node:timers/promises';
import { packUpdates, type ClientBinding, type LogRow } from '@containrlab/db/doc-log.ts';
import { SYNC_LIMITS } from '@containrlab/protocol/sync.ts';
import { LIMITS } from './limits.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import { StorageUnavailable, type Storage } from './storage.ts';

/** Why a room's log can't go on: another process has the room, or its rows can't be stored. */
export type LogLoss = 'moved' | 'refused';

/** The log of one room that we hold. Rows keep their numbers from here to Postgres. */
export class RoomLog {
	readonly room: string;
	readonly epoch: number;
	/** Of the newest row, stored or not. */
	lastSeq: number;
	durableSeq: number;
	/** Bytes that wait to be durable, with what it costs to keep them and those who wait. */
	unsaved = 0;
	rows: LogRow[] = [];
	clients: ClientBinding[] = [];
	#committer: Committer;
	#waiting: { seq: number; done: (stored: boolean) => void }[] = [];
	#relief: PromiseWithResolvers<void> | undefined;
	#isLost = false;
	#onLost: (loss: LogLoss) => void;

	constructor(options: {
		room: string;
		epoch: number;
		lastSeq: number;
		committer: Committer;
		onLost: (loss: LogLoss) => void;
	}) {
		this.room = options.room;
		this.epoch = options.epoch;
		this.lastSeq = options.lastSeq;
		this.durableSeq = options.lastSeq;
		this.#committer = options.committer;
		this.#onLost = options.onLost;
	}

	/** Whether so many more bytes may wait: by the room's bound, and by that of all rooms together. */
	hasPlace(bytes: number): boolean {
		const unsaved = this.unsaved + bytes;
		if (unsaved > SYNC_LIMITS.unsavedPerRoom) return false;
		return unsaved <= LIMITS.unsavedAlways || this.#committer.unsaved + bytes <= LIMITS.unsaved;
	}

	/**
	 * Set while more waits than a store leaves that keeps up: who sends should wait for this. With the
	 * store away nobody does; edits go on until there is no place.
	 */
	relief(): Promise<void> | undefined {
		if (this.unsaved < LIMITS.unsavedPressing || this.#isLost || this.#committer.away) return;
		return (this.#relief ??= Promise.withResolvers<void>()).promise;
	}

	/** For the committer, and once enough is stored. */
	relieve(): void {
		this.#relief?.resolve();
		this.#relief = undefined;
	}

	append(userId: string, updates: readonly Uint8Array[], clients: readonly ClientBinding[]): void {
		if (this.#isLost) return;
		this.lastSeq += 1;
		const bytes = packUpdates(updates);
		this.rows.push({ seq: this.lastSeq, userId, at: new Date(), parts: updates.length, bytes });
		this.clients.push(...clients);
		this.#count(bytes.length + ROW_OVERHEAD);
		this.#committer.add(this);
	}

	#count(bytes: number): void {
		this.unsaved += bytes;
		this.#committer.unsaved += bytes;
	}

	/**
	 * Calls back once everything up to now is durable, at once if it is, in the order of the calls;
	 * with false when it never will be.
	 */
	whenDurable(done: (stored: boolean) => void): void {
		if (this.#isLost) done(false);
		else if (this.durableSeq >= this.lastSeq) done(true);
		else {
			this.#waiting.push({ seq: this.lastSeq, done });
			this.#count(WAITING_OVERHEAD);
		}
	}

	/** For the committer: everything up to `seq` is stored. */
	stored(seq: number): void {
		this.durableSeq = seq;
		for (const { bytes } of takeUpTo(this.rows, seq)) this.#count(-bytes.length - ROW_OVERHEAD);
		const waited = takeUpTo(this.#waiting, seq);
		this.#count(-waited.length * WAITING_OVERHEAD);
		if (this.unsaved < LIMITS.unsavedPressing / 2) this.relieve();
		for (const { done } of waited) done(true);
	}

	/** Nothing more can be stored. */
	lost(loss: LogLoss): void {
		if (this.#isLost) return;
		this.#isLost = true;
		this.rows = [];
		this.clients = [];
		this.#count(-this.unsaved);
		this.relieve();
		this.#onLost(loss);
		for (const { done } of this.#waiting.splice(0)) done(false);
	}
}

/** What a row, and one who waits, costs beside its bytes: an outage lasts many small ones. */
const ROW_OVERHEAD = 256;
const WAITING_OVERHEAD = 128;

/** Removes and returns the first ones; at once, for a long outage leaves many. */
function takeUpTo<T extends { seq: number }>(items: T[], seq: number): T[] {
	const end = items.findIndex((item) => item.seq > seq);
	return items.splice(0, end === -1 ? items.length : end);
}

interface Part {
	log: RoomLog;
	room: string;
	epoch: number;
	after: number;
	rows: LogRow[];
	clients: ClientBinding[];
}

/** The rooms that are stored, and those to try again; all others belong to somebody else now. */
interface Persisted {
	taken: Set<string>;
	locked: Set<string>;
}

export class Committer {
	#storage: Storage;
	#logger: Logger;
	#metrics: Metrics;
	#dirty = new Set<RoomLog>();
	/** Those whose row somebody else has locked; they come round again a little later. */
	#locked = new Set<RoomLog>();
	#unlocked: PromiseWithResolvers<void> | undefined;
	#running: Promise<void> | undefined;
	/** When the last commit began. */
	#begun = 0;
	/** Whether the last try found the store away. */
	away = false;
	/** Of all rooms. */
	unsaved = 0;

	constructor(options: { storage: Storage; logger: Logger; metrics: Metrics }) {
		this.#storage = options.storage;
		this.#logger = options.logger;
		this.#metrics = options.metrics;
	}

	get unsavedRooms(): number {
		return this.#dirty.size + this.#locked.size;
	}

	/** A room has rows. The commit begins when all rooms of this turn have added theirs. */
	add(log: RoomLog): void {
		if (this.#locked.has(log)) return;
		this.#dirty.add(log);
		this.#running ??= Promise.resolve().then(() => this.#run());
	}

	/** Resolves when nothing is left to store. */
	async idle(): Promise<void> {
		while (this.#running || this.#locked.size > 0) {
			this.#unlocked ??= Promise.withResolvers<void>();
			await (this.#running ?? this.#unlocked.promise);
		}
	}

	async #run(): Promise<void> {
		while (this.#dirty.size > 0) {
			// A statement costs more than its rows: those of some milliseconds share one.
			const early = this.#begun + LIMITS.commitEveryMs - performance.now();
			if (early > 0) await delay(early);
			this.#begun = performance.now();
			const batch = this.#take();
			await this.#commit(batch);
			const rows = batch.reduce((sum, part) => sum + part.rows.length, 0);
			this.#metrics.committed(performance.now() - this.#begun, rows);
			for (const { log } of batch) if (log.rows.length === 0) this.#dirty.delete(log);
		}
		this.#running = undefined;
	}

	/** The oldest rows of every room, up to the bounds; a room's turn comes round again. */
	#take(): Part[] {
		const batch: Part[] = [];
		let bytes = 0;
		let count = 0;
		for (const log of this.#dirty) {
			if (log.rows.length === 0) {
				this.#dirty.delete(log);
				continue;
			}
			const rows: LogRow[] = [];
			for (const row of log.rows) {
				if (
					count > 0 &&
					(bytes + row.bytes.length > LIMITS.commitBytes || count >= LIMITS.commitRows)
				)
					break;
				rows.push(row);
				bytes += row.bytes.length;
				count += 1;
			}
			if (rows.length === 0) break;
			const { room, epoch, durableSeq: after } = log;
			batch.push({ log, room, epoch, after, rows, clients: log.clients.splice(0) });
		}
		// First in line next time are those that had to stay behind.
		for (const { log } of batch) {
			this.#dirty.delete(log);
			this.#dirty.add(log);
		}
		return batch;
	}

	/** Stores a batch, however long it takes; halves it when the batch itself is at fault. */
	async #commit(batch: Part[]): Promise<void> {
		let done: Persisted;
		try {
			done = await this.#persist(batch);
		} catch (cause) {
			const [only] = batch;
			if (batch.length === 1 && only) {
				this.#logger.error('room refused by the store', { room: only.room, cause });
				only.log.lost('refused');
				return;
			}
			const half = Math.ceil(batch.length / 2);
			await this.#commit(batch.slice(0, half));
			await this.#commit(batch.slice(half));
			return;
		}
		for (const { log, room, after, rows, clients } of batch) {
			if (done.taken.has(room)) log.stored(after + rows.length);
			else if (done.locked.has(room)) {
				log.clients.unshift(...clients);
				this.#waitFor(log);
			} else log.lost('moved');
		}
	}

	/** One room's lock is nobody else's wait. */
	#waitFor(log: RoomLog): void {
		this.#dirty.delete(log);
		const again = () => {
			this.#locked.delete(log);
			this.add(log);
			this.#unlocked?.resolve();
			this.#unlocked = undefined;
		};
		this.#locked.add(log);
		setTimeout(again, LIMITS.retryMs.first);
	}

	/** Tries until the store answers. Rows keep their numbers, so that a repeat can't double them. */
	async #persist(batch: Part[]): Promise<Persisted> {
		const taken = new Set<string>();
		let locked = new Set<string>();
		let left = batch;
		for (
			let pause: number = LIMITS.retryMs.first;
			;
			pause = Math.min(pause * 2, LIMITS.retryMs.most)
		) {
			try {
				for (const room of await this.#storage.append(left)) taken.add(room);
				left = left.filter(({ room }) => !taken.has(room));
				if (left.length > 0) locked = await this.#lookAt(left, taken);
				if (this.away) this.#logger.info('the store is back');
				this.away = false;
				return { taken, locked };
			} catch (cause) {
				if (!(cause instanceof StorageUnavailable)) throw cause;
				if (!this.away) this.#goOnUnsaved(cause);
				await delay(pause * (0.75 + Math.random() / 2));
			}
		}
	}

	#goOnUnsaved(cause: unknown): void {
		this.#logger.warn('the store is away; rooms go on unsaved', { cause });
		this.away = true;
		for (const log of this.#dirty) log.relieve();
	}

	/**
	 * Rooms that were left out although they are ours hold these rows already, from a lost answer; or
	 * somebody has them locked, which is answered.
	 */
	async #lookAt(left: Part[], taken: Set<string>): Promise<Set<string>> {
		const locked = new Set<string>();
		const found = await this.#storage.positions(left.map(({ room }) => room));
		for (const { room, epoch, after, rows } of left) {
			const position = found.get(room);
			if (position?.epoch !== epoch) continue;
			if (position.lastSeq === after + rows.length) taken.add(room);
			if (position.lastSeq === after) locked.add(room);
		}
		return locked;
	}
}
