// The group commit: rooms queue rows, one statement at a time stores what all of them have, and each
// room hears, in order, how far its log is durable.

import { setTimeout as delay } from 'node:timers/promises';
import { packUpdates, type ClientBinding, type LogRow } from '@containrlab/db/doc-log.ts';
import { LIMITS } from './limits.ts';
import type { Logger } from './logger.ts';
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
	/** Bytes that are not durable yet. */
	unsaved = 0;
	rows: LogRow[] = [];
	clients: ClientBinding[] = [];
	#committer: Committer;
	#waiting: { seq: number; done: (stored: boolean) => void }[] = [];
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

	append(userId: string, updates: readonly Uint8Array[], clients: readonly ClientBinding[]): void {
		if (this.#isLost) return;
		this.lastSeq += 1;
		const bytes = packUpdates(updates);
		this.rows.push({ seq: this.lastSeq, userId, at: new Date(), parts: updates.length, bytes });
		this.clients.push(...clients);
		this.unsaved += bytes.length;
		this.#committer.add(this);
	}

	/**
	 * Calls back once everything up to now is durable, at once if it is, in the order of the calls;
	 * with false when it never will be.
	 */
	whenDurable(done: (stored: boolean) => void): void {
		if (this.#isLost) done(false);
		else if (this.durableSeq >= this.lastSeq) done(true);
		else this.#waiting.push({ seq: this.lastSeq, done });
	}

	/** For the committer: everything up to `seq` is stored. */
	stored(seq: number): void {
		while (this.rows[0] && this.rows[0].seq <= seq) this.unsaved -= this.rows.shift()!.bytes.length;
		this.durableSeq = seq;
		while (this.#waiting[0] && this.#waiting[0].seq <= seq) this.#waiting.shift()!.done(true);
	}

	/** For the committer: nothing more can be stored. */
	lost(loss: LogLoss): void {
		this.rows = [];
		this.unsaved = 0;
		this.#isLost = true;
		this.#onLost(loss);
		for (const { done } of this.#waiting.splice(0)) done(false);
	}
}

interface Part {
	log: RoomLog;
	room: string;
	epoch: number;
	after: number;
	rows: LogRow[];
	clients: ClientBinding[];
}

export class Committer {
	#storage: Storage;
	#logger: Logger;
	#dirty = new Set<RoomLog>();
	#running: Promise<void> | undefined;
	/** Whether the last try found the store away. */
	away = false;

	constructor({ storage, logger }: { storage: Storage; logger: Logger }) {
		this.#storage = storage;
		this.#logger = logger;
	}

	/** A room has rows. The commit begins when all rooms of this turn have added theirs. */
	add(log: RoomLog): void {
		this.#dirty.add(log);
		this.#running ??= Promise.resolve().then(() => this.#run());
	}

	/** Resolves when nothing is left to store. */
	async idle(): Promise<void> {
		while (this.#running) await this.#running;
	}

	async #run(): Promise<void> {
		while (this.#dirty.size > 0) {
			const batch = this.#take();
			await this.#commit(batch);
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
		let taken: Set<string>;
		try {
			taken = await this.#persist(batch);
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
		for (const { log, room, after, rows } of batch) {
			if (taken.has(room)) log.stored(after + rows.length);
			else log.lost('moved');
		}
	}

	/** Tries until the store answers. Rows keep their numbers, so that a repeat can't double them. */
	async #persist(batch: Part[]): Promise<Set<string>> {
		const taken = new Set<string>();
		let left = batch;
		for (
			let pause: number = LIMITS.retryMs.first;
			;
			pause = Math.min(pause * 2, LIMITS.retryMs.most)
		) {
			try {
				for (const room of await this.#storage.append(left)) taken.add(room);
				left = left.filter(({ room }) => !taken.has(room));
				if (left.length > 0) await this.#findEarlier(left, taken);
				if (this.away) this.#logger.info('the store is back');
				this.away = false;
				return taken;
			} catch (cause) {
				if (!(cause instanceof StorageUnavailable)) throw cause;
				if (!this.away) this.#logger.warn('the store is away; rooms go on unsaved', { cause });
				this.away = true;
				await delay(pause * (0.75 + Math.random() / 2));
			}
		}
	}

	/** Rooms that were left out although they are ours hold these rows already, from a lost answer. */
	async #findEarlier(left: Part[], taken: Set<string>): Promise<void> {
		const found = await this.#storage.positions(left.map(({ room }) => room));
		for (const { room, epoch, after, rows } of left) {
			const position = found.get(room);
			if (position?.epoch === epoch && position.lastSeq === after + rows.length) taken.add(room);
		}
	}
}
