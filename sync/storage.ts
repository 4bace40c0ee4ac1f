// What sync needs of a store: Postgres in production, memory in tests and alone; the same tests run
// against both.

import type { Kept } from '@containrlab/db/doc-history.ts';
import type { OpenedRoom, RoomPosition, RoomRows } from '@containrlab/db/doc-log.ts';

export interface Storage {
	/**
	 * Takes a room away from whoever held it and reads it; undefined when it doesn't exist.
	 * `snapshotBefore` passes over snapshots from there on.
	 */
	open(room: string, snapshotBefore?: number): Promise<OpenedRoom | undefined>;
	/**
	 * Appends and returns the rooms that were taken; one that another process holds, that already has
	 * these rows, or whose row is locked, is left out. Throws `StorageUnavailable` when nobody knows what happened, and
	 * anything else when the batch itself is at fault, of which then nothing was stored.
	 */
	append(batch: readonly RoomRows[]): Promise<Set<string>>;
	positions(rooms: readonly string[]): Promise<Map<string, RoomPosition>>;
	saveSnapshot(room: string, epoch: number, seq: number, state: Uint8Array): Promise<void>;
	/** Forgets what of a room's history isn't kept; answers the bytes of the log that this took away. */
	foldHistory(room: string, kept: Kept): Promise<number>;
	/** Throws when the store doesn't answer. */
	ping(): Promise<void>;
	close(): Promise<void>;
}

/** The store is away; what was under way may or may not have happened. */
export class StorageUnavailable extends Error {
	override name = 'StorageUnavailable';
}
