// Where judge runs outlive runnerd: one file a run, first the request, then the result in its place.

import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { JudgeRun, JudgeRunRequest } from '@containrlab/protocol/sandbox.ts';

export type DoneRun = Extract<JudgeRun, { status: 'done' }>;

const Stored = z.discriminatedUnion('state', [
	z.object({ state: z.literal('asked'), request: JudgeRunRequest }),
	z.object({ state: z.literal('done'), result: JudgeRun.options[2] }),
]);
export type StoredRun = z.infer<typeof Stored>;

const NAME = /^([a-z0-9]{8,32}-\d{1,4})\.json$/;

export class JudgeRunStore {
	readonly #directory: string;

	constructor(directory: string) {
		this.#directory = directory;
	}

	/** The keys of all stored runs; leftovers of interrupted writes are removed. */
	async keys(): Promise<string[]> {
		await mkdir(this.#directory, { recursive: true, mode: 0o700 });
		const names = await readdir(this.#directory);
		await Promise.all(
			names.filter((name) => name.endsWith('.tmp')).map((name) => rm(join(this.#directory, name))),
		);
		return names.flatMap((name) => NAME.exec(name)?.[1] ?? []);
	}

	async read(key: string): Promise<StoredRun | undefined> {
		try {
			return Stored.parse(JSON.parse(await readFile(this.#path(key), 'utf8')));
		} catch (cause) {
			if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
			throw new Error(`judge run ${key} can't be read`, { cause });
		}
	}

	/** On disk, whole, when this resolves. */
	async write(key: string, run: StoredRun): Promise<void> {
		const temporary = `${this.#path(key)}.tmp`;
		const file = await open(temporary, 'w', 0o600);
		try {
			await file.writeFile(JSON.stringify(run));
			await file.sync();
		} finally {
			await file.close();
		}
		await rename(temporary, this.#path(key));
	}

	async remove(key: string): Promise<void> {
		await rm(this.#path(key), { force: true });
	}

	#path(key: string): string {
		return join(this.#directory, `${key}.json`);
	}
}
