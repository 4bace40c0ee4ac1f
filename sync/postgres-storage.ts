// The store in Postgres, behind a connection that is thrown away whenever it fails.

import { connect, type Connection, type Sql } from '@containrlab/db/connect.ts';
import * as log from '@containrlab/db/doc-log.ts';
import type { OpenedRoom, RoomPosition, RoomRows } from '@containrlab/db/doc-log.ts';
import type { Kept } from '@containrlab/db/doc-history.ts';
import { Folds } from './fold.ts';
import { LIMITS } from './limits.ts';
import { StorageUnavailable, type Storage } from './storage.ts';

export class PostgresStorage implements Storage {
	#url: string;
	#holder: string;
	#create: boolean;
	#folds = new Folds();
	/** Commits wait for no load, and outlive one that fails. */
	#commits: Line;
	#loads: Line;

	/** `holder` is who has a room, for people; `create`: a room is made when somebody opens it. */
	constructor(options: { url: string; holder: string; create?: boolean }) {
		const { url, holder, create = false } = options;
		this.#create = create;
		this.#url = url;
		this.#holder = holder;
		this.#commits = new Line(url, 2);
		this.#loads = new Line(url, 4);
	}

	open(room: string, snapshotBefore?: number): Promise<OpenedRoom | undefined> {
		return this.#loads.query(async (sql) => {
			if (this.#create) await log.createRoom(sql, room);
			return log.openRoom(sql, room, this.#holder, snapshotBefore);
		});
	}

	append(batch: readonly RoomRows[]): Promise<Set<string>> {
		return this.#commits.query((sql) => log.appendRows(sql, batch));
	}

	positions(rooms: readonly string[]): Promise<Map<string, RoomPosition>> {
		return this.#commits.query((sql) => log.positions(sql, rooms));
	}

	saveSnapshot(room: string, epoch: number, seq: number, state: Uint8Array): Promise<void> {
		return this.#loads.query((sql) => log.saveSnapshot(sql, room, epoch, seq, state));
	}

	foldHistory(room: string, kept: Kept): Promise<number> {
		return this.#folds.run({ url: this.#url, room, kept });
	}

	async ping(): Promise<void> {
		await this.#loads.query((sql) => sql`select 1`);
	}

	async close(): Promise<void> {
		await this.#folds.end();
		await Promise.all([this.#commits.close(), this.#loads.close()]);
	}
}

/** A few connections that are replaced together whenever one fails. */
class Line {
	#url: string;
	#max: number;
	#connection: Connection | undefined;

	constructor(url: string, max: number) {
		this.#url = url;
		this.#max = max;
	}

	async close(): Promise<void> {
		await this.#connection?.[Symbol.asyncDispose]();
		this.#connection = undefined;
	}

	/**
	 * A connection that failed is replaced rather than left to postgres.js, which waits up to 20 s
	 * between its tries. One that doesn't answer in time has failed too.
	 */
	async query<T>(run: (sql: Sql) => Promise<T>): Promise<T> {
		const connection = (this.#connection ??= connect(this.#url, { max: this.#max }));
		let timer: NodeJS.Timeout | undefined;
		const late = new Promise<never>((_, reject) => {
			timer = setTimeout(() => reject(new Error('no answer in time')), LIMITS.commitMs);
		});
		try {
			return await Promise.race([run(connection.sql), late]);
		} catch (cause) {
			if (isStatementFault(cause)) throw cause;
			if (this.#connection === connection) this.#connection = undefined;
			connection.sql.end({ timeout: 0 }).catch(() => {});
			throw new StorageUnavailable('Postgres is away', { cause });
		} finally {
			clearTimeout(timer);
		}
	}
}

/**
 * Trying again won't help: our own mistakes, and the SQLSTATE classes that blame the statement (XX
 * includes damaged pages). Everything else is a server or a network that will come back.
 */
function isStatementFault(error: unknown): boolean {
	if (error instanceof TypeError || error instanceof RangeError) return true;
	const code = (error as { code?: unknown } | null)?.code;
	return typeof code === 'string' && /^(2[1-46-9]|3[49]|4[24]|54|P0|XX)[0-9A-Z]{3}$/.test(code);
}
