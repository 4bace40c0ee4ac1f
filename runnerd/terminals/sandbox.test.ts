// The terminals of a real sandbox: its shell, its Docker daemon, its agent behind `docker exec`.

import { newId } from '@containrlab/protocol/id.ts';
import { expect, test } from 'vitest';
import { TestInstance, ready, startRequest } from '../sandboxes-testing.ts';
import { TestRunner } from './testing.ts';

test('the shell is in the workspace, with the own daemon, and outlives runnerd', async () => {
	await using instance = await TestInstance.create();
	const sandboxes = await instance.launch();
	const workspace = newId();
	sandboxes.start(startRequest(workspace));
	await ready(sandboxes, workspace);
	const open = () => sandboxes.openAgent(workspace);
	{
		await using runner = await TestRunner.start(open);
		const driver = await runner.join();
		driver.say({ type: 'resize', cols: 100, rows: 30 });
		await driver.until(() => driver.state?.cols === 100);
		driver.type('pwd; stty size; jobs; docker version -f "server={{.Server.Version}}"; kept=yes\r');
		await driver.until(() => /server=\d+/.test(driver.text()));
		expect(driver.text()).toContain('/workspace\n30 100\n');
		// A nested terminal follows the window too.
		driver.type(
			'docker run --rm -it python:3.13-slim sh -c "echo in-\\$((1+1)); read x; stty size"\r',
		);
		await driver.shows('in-2');
		driver.say({ type: 'resize', cols: 90, rows: 25 });
		await driver.until(() => driver.state?.cols === 90);
		driver.type('\r');
		await driver.shows('25 90');
		driver.type('sleep 1000\r');
		driver.type('\x03');
		driver.type('(sleep 2; echo mean-while-$((1+1))) &\r');
		await driver.until(() => /\[1\] \d+/.test(driver.text()));
	}
	await using runner = await TestRunner.start(open);
	const driver = await runner.join();
	expect(driver.last('snapshot')).toMatchObject({ cols: 90, rows: 25 });
	await driver.shows('mean-while-2');
	driver.type('echo kept=$kept-\r');
	await driver.shows('kept=yes-');
	expect(driver.count('restarted')).toBe(0);
}, 120_000);
