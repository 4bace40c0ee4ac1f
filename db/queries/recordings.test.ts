// Recordings of terminals: in order, of one's own workspace, and bounded.

import { newId } from '@containrlab/protocol/id.ts';
import type { Lab } from '@containrlab/protocol/lab.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '../testing.ts';
import { createClass } from './classes.ts';
import { castOf, keepRecordingPart, recordingsOf } from './recordings.ts';
import { deleteWorkspaceOver } from './retention.ts';
import { insertGuest } from './users.ts';
import { openWorkspace } from './workspaces.ts';

const lab: Lab = {
	...{ slug: '01-a', digest: 'digest', text: '', starter: [] },
	front: {
		...{ title: 'A', summary: 'A', minutes: 10, goals: ['x'], images: [], hints: [], wrong: {} },
		checks: [{ check: 'image-builds', within: 60 }],
	},
};

let database: TestDatabase;
let classId: string;

beforeAll(async () => {
	database = await testDatabase();
	({ id: classId } = await createClass(database.connection.db, { name: 'C', labs: ['01-a'] }));
});
afterAll(() => database?.[Symbol.asyncDispose]());

async function newWorkspace(): Promise<string> {
	const { db } = database.connection;
	const { id: ownerId } = await insertGuest(db, 'Ann');
	return (await openWorkspace(db, { classId, ownerId, lab })).id;
}

const keep = (workspace: string, recording: string, seq: number, cast: string) =>
	keepRecordingPart(database.connection.db, { workspace, recording, terminal: '1', seq, cast });

it('keeps the parts of a recording in order, each once, for its workspace alone', async () => {
	const { db } = database.connection;
	const [mine, other, recording] = [await newWorkspace(), await newWorkspace(), newId()];
	for (let seq = 0; seq < 12; seq += 1) await keep(mine, recording, seq, `${seq}\n`);
	expect(await castOf(db, mine, recording)).toBe('0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n');
	expect(await castOf(db, other, recording)).toBeUndefined();
	expect(await recordingsOf(db, other)).toEqual([]);
	expect(await recordingsOf(db, mine)).toMatchObject([{ id: recording, terminal: '1' }]);
	// Another workspace's part doesn't end up in it, whatever it is called.
	await keep(other, recording, 12, 'foreign');
	expect(await castOf(db, mine, recording)).not.toContain('foreign');
});

it('lets the oldest go for the newest, never the one that goes on', async () => {
	const { db } = database.connection;
	const workspace = await newWorkspace();
	const ids = Array.from({ length: 5 }, () => newId());
	const megabytes = (n: number) => 'x'.repeat(n * 1024 * 1024);
	for (const id of ids) {
		await keep(workspace, id, 0, megabytes(4));
	}
	expect((await recordingsOf(db, workspace)).map(({ id }) => id)).toEqual(
		ids.slice(1).toReversed(),
	);
	// What was deleted doesn't come back in part.
	await keep(workspace, ids[0]!, 1, 'more');
	expect(await castOf(db, workspace, ids[0]!)).toBeUndefined();
	await keep(workspace, ids[1]!, 1, megabytes(4));
	expect(await castOf(db, workspace, ids[1]!)).toHaveLength(8 * 1024 * 1024);
});

it('goes with its workspace, and nothing is kept of one that is no more', async () => {
	const { db } = database.connection;
	const [workspace, recording] = [await newWorkspace(), newId()];
	await keep(workspace, recording, 0, 'x');
	await deleteWorkspaceOver(db, workspace, new Date(Date.now() + 400 * 86_400_000));
	expect(await castOf(db, workspace, recording)).toBeUndefined();
	await keep(workspace, recording, 1, 'y');
	await keep(workspace, newId(), 0, 'z');
	expect(await recordingsOf(db, workspace)).toEqual([]);
});
