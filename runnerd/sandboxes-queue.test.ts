// More students than places, on the real engine: a visible line that moves by itself, survives a
// restart, and makes no use of what it can't have.

import { expect, test } from 'vitest';
import { newId } from '@containrlab/protocol/id.ts';
import { TestInstance, ready, startRequest, until } from './sandboxes-testing.ts';

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
	const before = await instance.launch(0);
	before.start(startRequest(returning));
	await ready(before, returning);
	await before.stop(returning);
	await before.close();
	const sandboxes = await instance.launch(1, instance.engine, { most: 4, reserve: 0 });
	await until('a warm one', () => sandboxes.counts.warm === 1);
	const another = newId();
	sandboxes.start(startRequest(another));
	await ready(sandboxes, another);
	// The pool leaves the last places to students, so only a launch with more room has both.
	expect(sandboxes.counts.warm).toBe(0);
	sandboxes.start(startRequest(returning));
	await ready(sandboxes, returning);
	await sandboxes.close();
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
