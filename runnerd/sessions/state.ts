// Durable records, one small JSON file each: written beside, synced, renamed into place, so that a
// crash leaves the old record or the new one.

import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import type { Log } from '../log.ts';

const SUFFIX = '.json';

export class RecordStore<T> {
	#directory: string;
	#schema: z.ZodType<T>;
	#log: Log;
	/** Writes of one record happen in the order in which they were asked for. */
	#turns = new Map<string, Promise<void>>();

	constructor(directory: string, schema: z.ZodType<T>, log: Log) {
		this.#directory = directory;
		this.#schema = schema;
		this.#log = log;
	}

	/** Every readable record. A damaged one is set aside, named in the log, and costs only itself. */
	async load(): Promise<Map<string, T>> {
		await mkdir(this.#directory, { recursive: true, mode: 0o700 });
		const records = new Map<string, T>();
		for (const name of await readdir(this.#directory)) {
			const path = join(this.#directory, name);
			if (name.endsWith('.new')) await rm(path);
			if (!name.endsWith(SUFFIX)) continue;
			try {
				const record = this.#schema.parse(JSON.parse(await readFile(path, 'utf8')));
				records.set(name.slice(0, -SUFFIX.length), record);
			} catch (cause) {
				this.#log.error('a damaged record was set aside', { path, cause });
				await rename(path, `${path}.damaged`);
			}
		}
		return records;
	}

	/** Resolves when the record would survive a power cut. `key` is one of our ids. */
	write(key: string, record: T): Promise<void> {
		const text = JSON.stringify(record);
		return this.#inTurn(key, async () => {
			const path = this.#path(key);
			const file = await open(`${path}.new`, 'w', 0o600);
			try {
				await file.writeFile(text);
				await file.sync();
			} finally {
				await file.close();
			}
			await rename(`${path}.new`, path);
			await this.#syncDirectory();
		});
	}

	remove(key: string): Promise<void> {
		return this.#inTurn(key, async () => {
			await rm(this.#path(key), { force: true });
			await this.#syncDirectory();
		});
	}

	async #syncDirectory(): Promise<void> {
		const directory = await open(this.#directory, 'r');
		try {
			await directory.sync();
		} finally {
			await directory.close();
		}
	}

	#path(key: string): string {
		return join(this.#directory, key + SUFFIX);
	}

	#inTurn(key: string, work: () => Promise<void>): Promise<void> {
		const turn = (this.#turns.get(key) ?? Promise.resolve()).catch(() => {}).then(work);
		this.#turns.set(key, turn);
		const forget = () => {
			if (this.#turns.get(key) === turn) this.#turns.delete(key);
		};
		turn.then(forget, forget);
		return turn;
	}
}
