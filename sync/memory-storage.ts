// A store in memory, with the fences of the real one.

import * as Y from 'yjs';
import type { Kept } from '@containrlab/db/doc-history.ts';
import type {
	ClientBinding,
	LogRow,
	OpenedRoom,
	RoomPosition,
	RoomRows,
} from '@containrlab/db/doc-log.ts';
import { loadRoom } from './load.ts';
import type { Storage } from './storage.ts';

const bytesOf = (rows: readonly LogRow[]): number =>
	rows.reduce((sum, { bytes }) => sum + bytes.length, 0);

interface StoredRoom {
	epoch: number;
	/** Of the newest row. */
	lastSeq: number;
	rows: LogRow[];
	/** The newest last. */
	snapshots: { seq: number; state: Uint8Array }[];
	clients: Map<number, ClientBinding>;
}

export class MemoryStorage implements Storage {
	#rooms = new Map<string, StoredRoom>();
	#create: boolean;

	/** `create`: a room is made when somebody opens it. */
	constructor({ create = false }: { create?: boolean } = {}) {
		this.#create = create;
	}

	/** Makes a room, as web does in Postgres; `starter` becomes its first row. */
	create(room: string, starter?: { userId: string; update: Uint8Array }): void {
		const rows = starter
			? [{ seq: 1, userId: starter.userId, at: new Date(), parts: 1, bytes: starter.update }]
			: [];
		const lastSeq = rows.length;
		this.#rooms.set(room, { epoch: 0, lastSeq, rows, snapshots: [], clients: new Map() });
	}

	delete(room: string): void {
		this.#rooms.delete(room);
	}

	rows(room: string): LogRow[] {
		return this.#rooms.get(room)?.rows ?? [];
	}

	snapshots(room: string): { seq: number; state: Uint8Array }[] {
		return this.#rooms.get(room)?.snapshots ?? [];
	}

	/** As db/doc-history.ts does: a snapshot instead of the rows up to it. */
	fold(room: string, seq: number, state: Uint8Array): void {
		const stored = this.#rooms.get(room)!;
		stored.rows = stored.rows.filter((row) => row.seq > seq);
		stored.snapshots = [{ seq, state }, ...stored.snapshots.filter((each) => each.seq > seq)];
	}

	async open(
		room: string,
		snapshotBefore = Number.MAX_SAFE_INTEGER,
	): Promise<OpenedRoom | undefined> {
		if (this.#create && !this.#rooms.has(room)) this.create(room);
		const stored = this.#rooms.get(room);
		if (!stored) return undefined;
		stored.epoch += 1;
		const snapshot = stored.snapshots.findLast(({ seq }) => seq < snapshotBefore);
		const from = snapshot?.seq ?? 0;
		return {
			epoch: stored.epoch,
			lastSeq: stored.lastSeq,
			logBytes: bytesOf(stored.rows),
			snapshot,
			rows: stored.rows.filter((row) => row.seq > from),
			clients: [...stored.clients.values()],
		};
	}

	async append(batch: readonly RoomRows[]): Promise<Set<string>> {
		const taken = new Set<string>();
		for (const { room, epoch, after, rows, clients } of batch) {
			const stored = this.#rooms.get(room);
			if (!stored || stored.epoch !== epoch || stored.lastSeq !== after) continue;
			stored.rows.push(...rows.map((row) => ({ ...row, bytes: row.bytes.slice() })));
			stored.lastSeq += rows.length;
			for (const client of clients) {
				if (!stored.clients.has(client.clientId)) stored.clients.set(client.clientId, client);
			}
			taken.add(room);
		}
		return taken;
	}

	async positions(rooms: readonly string[]): Promise<Map<string, RoomPosition>> {
		const found = new Map<string, RoomPosition>();
		for (const room of rooms) {
			const stored = this.#rooms.get(room);
			if (stored) found.set(room, { epoch: stored.epoch, lastSeq: stored.lastSeq });
		}
		return found;
	}

	async saveSnapshot(room: string, epoch: number, seq: number, state: Uint8Array): Promise<void> {
		const stored = this.#rooms.get(room);
		if (stored?.epoch !== epoch || seq > stored.lastSeq) return;
		const others = stored.snapshots.filter((each) => each.seq !== seq);
		stored.snapshots = [...others, { seq, state }].sort((a, b) => a.seq - b.seq);
	}

	async foldHistory(room: string, kept: Kept): Promise<number> {
		const { rows, snapshots } = this.#rooms.get(room)!;
		let left = bytesOf(rows);
		let folded = 0;
		for (const { at, bytes } of rows) {
			if ('since' in kept ? at >= kept.since : left <= kept.bytes) break;
			left -= bytes.length;
			folded += 1;
		}
		const lastSeq = rows[folded - 1]?.seq;
		if (lastSeq === undefined) return 0;
		const snapshot = snapshots.findLast(({ seq }) => seq <= lastSeq);
		const after = rows.filter(({ seq }) => seq > (snapshot?.seq ?? 0) && seq <= lastSeq);
		const then = { epoch: 0, lastSeq, logBytes: 0, snapshot, rows: after, clients: [] };
		const load = loadRoom(then);
		if (!load.ok) return 0;
		const before = bytesOf(rows);
		this.fold(room, lastSeq, Y.encodeStateAsUpdate(load.room.doc));
		return before - bytesOf(this.rows(room));
	}

	async ping(): Promise<void> {}
	async close(): Promise<void> {}
}
