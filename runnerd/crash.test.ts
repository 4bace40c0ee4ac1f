// runnerd under kill -9: sandboxes live on and are taken over, half-made ones leave nothing.

import { expect, test } from 'vitest';
import { newId } from '@containrlab/protocol/id.ts';
import type { ExecResult, Session } from '@containrlab/protocol/sandbox.ts';
import { RunnerProcess } from './process-testing.ts';
import { TestInstance, startRequest, until } from './sandboxes-testing.ts';

type Health = { warm: number; sandboxes: number };

const bash = (runner: RunnerProcess, workspace: string, line: string) =>
	runner.json<ExecResult>('POST', `/sessions/${workspace}/exec`, { command: ['bash', '-c', line] });

async function isReady(runner: RunnerProcess, workspace: string): Promise<boolean> {
	const { state } = await runner.json<Session>('GET', `/sessions/${workspace}`);
	if (state.status === 'failed' || state.status === 'gone') throw new Error(JSON.stringify(state));
	return state.status === 'ready';
}

test("what ran is taken over, what is nobody's is swept, the pool is kept", async () => {
	await using instance = await TestInstance.create();
	const workspace = newId();
	let box: string;
	{
		await using runner = await RunnerProcess.launch(instance, 1);
		await until('a warm one', async () => (await runner.json<Health>('GET', '/health')).warm === 1);
		const began = performance.now();
		await runner.fetch('POST', '/sessions', startRequest(workspace));
		await until('its own', async () => {
			return (
				(await bash(runner, workspace, 'echo still > here; sleep 1000 & echo ok')).exitCode === 0
			);
		});
		expect(performance.now() - began, 'claimed, not booted').toBeLessThan(5000);
		await until('ready', () => isReady(runner, workspace));
		await until('another', async () => (await runner.json<Health>('GET', '/health')).warm === 1);
		await instance.engine.createVolume(`${instance.name}-sb-orphan`);
		const names = (await instance.engine.containers()).map(({ name }) => name);
		expect(names).toContain(`${instance.name}-ws-${workspace}`);
		box = (await instance.engine.containers())
			.map(({ id }) => id)
			.toSorted()
			.join();
	}
	await using runner = await RunnerProcess.launch(instance, 1);
	await until('ready again', () => isReady(runner, workspace));
	expect((await bash(runner, workspace, 'cat here')).stdout).toBe('still\n');
	expect(
		(await instance.engine.containers())
			.map(({ id }) => id)
			.toSorted()
			.join(),
	).toBe(box);
	expect(await instance.engine.volumes()).not.toContain(`${instance.name}-sb-orphan`);
}, 120_000);

test('killed at any moment of a start, nothing is left behind and the start is finished', async () => {
	await using instance = await TestInstance.create();
	const workspace = newId();
	for (const ms of [5, 60, 250, 700]) {
		await using runner = await RunnerProcess.launch(instance, 0);
		await runner.fetch('POST', '/sessions', startRequest(workspace));
		await new Promise((resolve) => setTimeout(resolve, ms));
	}
	await using runner = await RunnerProcess.launch(instance, 0);
	await until('ready', () => isReady(runner, workspace));
	// Its container and its volume.
	expect((await instance.leftovers()).length).toBe(2);
	expect((await runner.fetch('DELETE', `/sessions/${workspace}`)).status).toBe(204);
	expect(await instance.engine.containers()).toEqual([]);
}, 120_000);

test('SIGTERM ends runnerd and no sandbox', async () => {
	await using instance = await TestInstance.create();
	await using runner = await RunnerProcess.launch(instance, 1);
	await until('a warm one', async () => (await runner.json<Health>('GET', '/health')).warm === 1);
	await runner.end('SIGTERM');
	expect((await instance.engine.containers()).filter(({ running }) => running).length).toBe(1);
}, 60_000);
