// A store in memory, with the fences of the real one.

import type {
	ClientBinding,
	LogRow,
	OpenedRoom,
	RoomPosition,
	RoomRows,
} from '@containrlab/db/doc-log.ts';
import type { Storage } from './storage.ts';

interface StoredRoom {
	epoch: number;
	rows: LogRow[];
	snapshot: { seq: number; state: Uint8Array } | undefined;
	clients: Map<number, ClientBinding>;
}

export class MemoryStorage implements Storage {
	#rooms = new Map<string, StoredRoom>();

	/** Makes a room, as web does in Postgres; `starter` becomes its first row. */
	create(room: string, starter?: { userId: string; update: Uint8Array }): void {
		const rows = starter
			? [{ seq: 1, userId: starter.userId, at: new Date(), parts: 1, bytes: starter.update }]
			: [];
		this.#rooms.set(room, { epoch: 0, rows, snapshot: undefined, clients: new Map() });
	}

	delete(room: string): void {
		this.#rooms.delete(room);
	}

	rows(room: string): readonly LogRow[] {
		return this.#rooms.get(room)?.rows ?? [];
	}

	async open(room: string): Promise<OpenedRoom | undefined> {
		const stored = this.#rooms.get(room);
		if (!stored) return undefined;
		stored.epoch += 1;
		const from = stored.snapshot?.seq ?? 0;
		return {
			epoch: stored.epoch,
			lastSeq: stored.rows.length,
			snapshot: stored.snapshot,
			rows: stored.rows.filter((row) => row.seq > from),
			clients: [...stored.clients.values()],
		};
	}

	async append(batch: readonly RoomRows[]): Promise<Set<string>> {
		const taken = new Set<string>();
		for (const { room, epoch, after, rows, clients } of batch) {
			const stored = this.#rooms.get(room);
			if (!stored || stored.epoch !== epoch || stored.rows.length !== after) continue;
			stored.rows.push(...rows.map((row) => ({ ...row, bytes: row.bytes.slice() })));
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
			if (stored) found.set(room, { epoch: stored.epoch, lastSeq: stored.rows.length });
		}
		return found;
	}

	async saveSnapshot(room: string, epoch: number, seq: number, state: Uint8Array): Promise<void> {
		const stored = this.#rooms.get(room);
		if (stored?.epoch === epoch && seq <= stored.rows.length) stored.snapshot = { seq, state };
	}

	async ping(): Promise<void> {}
	async close(): Promise<void> {}
}
