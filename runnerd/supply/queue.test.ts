// More students than places, on the real engine: a visible line that moves by itself, survives a
// restart, and makes no use of what it can't have.

import { expect, test } from 'vitest';
import { newId } from '@containrlab/protocol/id.ts';
import { DEFAULT_LIMITS } from '@containrlab/protocol/sandbox.ts';
import { TestInstance, ready, startRequest, until } from '../sandboxes/testing.ts';

type Launch = Awaited<ReturnType<TestInstance['launch']>>;

const place = (sandboxes: Launch, workspace: string) => {
	const { state } = sandboxes.view(workspace)!;
	return state.status === 'starting' && state.phase === 'queued' ? state.queue : undefined;
};

test('who finds no place waits in line, through a restart, in the order of asking', async () => {
	await using instance = await TestInstance.create();
	const room = { most: 2, reserve: 0 };
	const before = await instance.launch(0, instance.engine, room);
	const [first, second, third] = [newId(), newId(), newId()];
	before.start(startRequest(first));
	await ready(before, first);
	before.start(startRequest(second));
	await until('the line is told', () => place(before, second)?.position === 1);
	before.start(startRequest(third));
	await until('the line grows', () => place(before, third)?.position === 2);
	expect(place(before, second)).toEqual({ position: 1, seconds: null });
	await before.close();

	const after = await instance.launch(0, instance.engine, room);
	await ready(after, first);
	await until('the line stands again', () => place(after, third)?.position === 2);
	await after.stop(second);
	expect(after.view(second)?.state).toMatchObject({ status: 'gone', reason: 'ended' });
	await until('it moves up', () => place(after, third)?.position === 1);
	await after.stop(first);
	await ready(after, third);
	await after.close();
	expect((await instance.engine.containers()).length).toBe(1);
}, 120_000);

test('a warm sandbox makes room for a student who returns to a kept volume', async () => {
	await using instance = await TestInstance.create();
	const returning = newId();
	const before = await instance.launch(1);
	before.start(startRequest(returning));
	await ready(before, returning);
	await before.stop(returning);
	await until('a warm one', () => before.counts.warm === 1);
	await before.close();

	const after = await instance.launch(1, instance.engine, { most: 2, reserve: 0 });
	expect(after.counts.warm).toBe(1);
	after.start(startRequest(returning));
	await ready(after, returning);
	expect(after.counts).toEqual({ sandboxes: 1, warm: 0 });
	await after.close();
}, 120_000);

test('a machine without memory to spare starts nothing, and says so', async () => {
	await using instance = await TestInstance.create();
	const sandboxes = await instance.launch(1, instance.engine, {
		reserve: Number.MAX_SAFE_INTEGER,
	});
	const workspace = newId();
	sandboxes.start(startRequest(workspace));
	await until('the line is told', () => place(sandboxes, workspace)?.position === 1);
	expect(await instance.engine.containers()).toEqual([]);
	await sandboxes.close();
});

test('many who ask at once for few warm ones get one each, and none the same', async () => {
	await using instance = await TestInstance.create();
	const sandboxes = await instance.launch(2);
	await until('a full pool', () => sandboxes.counts.warm === 2);
	const warm = (await instance.engine.containers()).map(({ id }) => id);
	const workspaces = Array.from({ length: 4 }, () => newId());
	for (const workspace of workspaces) sandboxes.start(startRequest(workspace));
	const boxes = await Promise.all(workspaces.map((workspace) => ready(sandboxes, workspace)));
	const ids = boxes.map(({ id }) => id);
	expect(new Set(ids).size).toBe(4);
	expect(ids).toEqual(expect.arrayContaining(warm));
	await sandboxes.close();
}, 120_000);

test('a class in session keeps its sandboxes, and has one ready for who is still to come', async () => {
	await using instance = await TestInstance.create();
	const sandboxes = await instance.launch(0);
	const [workspace, classId] = [newId(), newId()];
	// A moment: it would be over long before the rest of this test.
	const request = { ...startRequest(workspace, 0.02), class: classId };
	const endsAt = Date.now() + 3_600_000;
	const lesson = {
		class: classId,
		until: endsAt,
		students: 2,
		warmUntil: endsAt,
		limits: DEFAULT_LIMITS,
	};
	sandboxes.inSession({ classes: [lesson] });
	sandboxes.start(request);
	await ready(sandboxes, workspace);
	expect(sandboxes.view(workspace)?.state).toMatchObject({ deadline: endsAt + 1200 });
	await until('one for the other student', () => sandboxes.counts.warm === 1);
	expect(sandboxes.counts.sandboxes).toBe(2);
	sandboxes.inSession({ classes: [] });
	const ended = await until('idle time counts again', () => {
		const { state } = sandboxes.view(workspace)!;
		return state.status === 'gone' && state;
	});
	expect(ended).toMatchObject({ reason: 'idle' });
	await until('nobody is expected', () => sandboxes.counts.sandboxes === 0);
	await sandboxes.close();
}, 120_000);
