// What a crash at any point leaves of the durable records.

import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { silentLog } from '../log.ts';
import { RecordStore } from './state.ts';

const Schema = z.object({ value: z.number() });
let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'runnerd-state-'))));
afterEach(() => rm(directory, { recursive: true }));
const store = () => new RecordStore(directory, Schema, silentLog);

test('what was written is there for the next launch, the last write winning', async () => {
	const first = store();
	await Promise.all([1, 2, 3].map((value) => first.write('abc', { value })));
	await first.write('gone', { value: 4 });
	await first.remove('gone');
	expect(await store().load()).toEqual(new Map([['abc', { value: 3 }]]));
});

test('a damaged record is set aside and costs only itself', async () => {
	await store().write('good', { value: 1 });
	await writeFile(join(directory, 'bad.json'), '{"value":');
	await writeFile(join(directory, 'half.json.new'), '{"val');
	expect(await store().load()).toEqual(new Map([['good', { value: 1 }]]));
	expect((await readdir(directory)).toSorted()).toEqual(['bad.json.damaged', 'good.json']);
});
