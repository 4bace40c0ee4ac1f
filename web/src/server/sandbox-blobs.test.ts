// What a sandbox makes is kept as far as uploads are, and what isn't is said.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { blobSizes, shaOf } from '@containrlab/db/queries/blobs.ts';
import { createClass } from '@containrlab/db/queries/classes.ts';
import { insertGuest } from '@containrlab/db/queries/users.ts';
import { openWorkspace } from '@containrlab/db/queries/workspaces.ts';
import { testDatabase, type TestDatabase } from '@containrlab/db/testing.ts';
import type { Lab } from '@containrlab/protocol/lab.ts';
import { FILE_LIMITS } from '@containrlab/protocol/path.ts';
import { SandboxBlobs } from './sandbox-blobs.ts';

const LAB = { slug: 'lab', digest: 'd'.repeat(64), text: '', starter: [] } as unknown as Lab;

let database: TestDatabase;
beforeAll(async () => {
	database = await testDatabase();
});
afterAll(() => database?.[Symbol.asyncDispose]());

it('keeps what fits, again what it has, and says once what it leaves out', async () => {
	const { db, sql } = database.connection;
	const user = await insertGuest(db, 'Anna');
	const { id: classId } = await createClass(db, { name: 'Docker 101', labs: ['lab'] });
	const { id } = await openWorkspace(db, { classId, ownerId: user.id, lab: LAB });
	const made = new Map<string, Uint8Array>();
	const make = (content: string) => {
		const bytes = Buffer.from(content);
		made.set(shaOf(bytes), bytes);
		return shaOf(bytes);
	};
	const kept = new SandboxBlobs(db, { blob: async (_workspace, sha) => made.get(sha) });
	const keep = (sha: string, path: string) =>
		kept.keep({ type: 'blob', workspace: id, sha, size: made.get(sha)!.length, path });
	const first = make('first');
	await keep(first, 'first.bin');
	// As if it were as large as all that may be kept.
	await sql`update blobs set size = ${FILE_LIMITS.kept} where sha = ${first}`;
	await keep(first, 'copy of it.bin');
	for (const path of ['second.bin', 'third.bin']) await keep(make(path), path);
	expect([...(await blobSizes(db, id)).keys()]).toEqual([first]);
	const events = await sql`select payload from events where type = 'warning'`;
	expect(events.map(({ payload }) => payload)).toMatchObject([
		{ code: 'not-kept', path: 'second.bin', workspace: id },
	]);
});
