// The whole product under kill -9: each process comes back by itself, the supervisor by a new start.

import { mkdtemp, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startStack, type Stack } from './stack.ts';
import { startTime } from './supervise/identity.ts';

let stack: Stack;
const start = (dataDir: string) => startStack({ dataDir, env: { POOL_SIZE: '0' } });

beforeAll(async () => {
	stack = await start(await mkdtemp(join(tmpdir(), 'containrlab-stack-')));
}, 600_000);
afterAll(async () => {
	await stack?.remove();
}, 60_000);

const healthy = async () => {
	const response = await fetch(`${stack.origin}/healthz`).catch(() => undefined);
	return response?.status;
};

test.each(['postgres', 'sync', 'runnerd', 'web'] as const)(
	'%s comes back after kill -9, and the pages with it',
	async (service) => {
		await expect.poll(healthy, { timeout: 20_000 }).toBe(200);
		const before = stack.pids;
		stack.kill(service);
		const pid = await stack.ready(service, before[service]);
		expect(pid).not.toBe(before[service]);
		await expect.poll(healthy, { timeout: 20_000 }).toBe(200);
		// Nobody else had to go for it.
		const { [service]: _old, ...others } = before;
		expect(stack.pids).toMatchObject(others);
	},
	90_000,
);

test('after kill -9 of the supervisor everything ends, and a start finds all as it was', async () => {
	const { pids, origin, joinCode, instructor, dataDir, instance } = stack;
	stack.kill('supervisor');
	await stack.ended;
	for (const pid of Object.values(pids)) {
		await expect.poll(() => startTime(pid!), { timeout: 20_000 }).toBeUndefined();
	}
	stack = await start(dataDir);
	expect(stack).toMatchObject({ origin, joinCode, instructor, instance });
	await expect.poll(healthy, { timeout: 20_000 }).toBe(200);
}, 120_000);

test('a second start on the same data is refused while the first lives', async () => {
	await expect(start(stack.dataDir)).rejects.toThrow(`pid ${stack.pids.supervisor}`);
	expect(await healthy()).toBe(200);
});

test('a stop ends every process and leaves the data; removal leaves nothing', async () => {
	const { pids, dataDir, instance } = stack;
	await stack.stop();
	for (const pid of Object.values(pids)) expect(startTime(pid!)).toBeUndefined();
	expect(await stat(join(dataDir, 'secrets'))).toMatchObject({});
	await stack.remove();
	await expect(stat(dataDir)).rejects.toThrow('ENOENT');
	const label = [`containrlab.instance=${instance}`];
	expect(await new Docker().listContainers({ all: true, filters: { label } })).toEqual([]);
	expect((await new Docker().listVolumes({ filters: { label } })).Volumes ?? []).toEqual([]);
}, 60_000);
