// The terminals of a real sandbox: its shell, its Docker daemon, its agent behind `docker exec`.

import { newId } from '@containrlab/protocol/id.ts';
import { expect, test } from 'vitest';
import { TestInstance, ready, startRequest } from '../sandboxes/testing.ts';
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
		// The agent asked for short turns, what it starts has the usual ones.
		driver.type('clear; chrt -p $(pgrep -xo python3); chrt -p $$; echo turns-$((1+1))\r');
		await driver.shows('turns-2');
		expect(driver.text()).toMatch(
			/policy: SCHED_OTHER\|SCHED_RESET_ON_FORK\n[^]*policy: SCHED_OTHER\n/,
		);
		// A nested terminal follows the window too, in its own time.
		const waits = 'until [ "$(stty size)" = "25 90" ]; do sleep 0.1; done; echo fits-$((1+1))';
		driver.type(`docker run --rm -it python:3.13-slim sh -c '${waits}'\r`);
		driver.say({ type: 'resize', cols: 90, rows: 25 });
		// The prompt is back: until then docker itself reads what is typed.
		await driver.until(() => /fits-2\nstudent:\S+\$\s*$/.test(driver.text()));
		driver.type('echo nap-$((1+1)); sleep 1000\r');
		await driver.shows('nap-2');
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
	// For who has the screen read aloud: at once, and until it is taken back.
	const build = (sign: string) =>
		`echo ${sign} >sign; printf 'FROM scratch\\nCOPY sign /\\n' | docker build -f- . && echo ${sign}-$((1+1))\r`;
	driver.say({ type: 'plain', on: true });
	driver.type(build('plain'));
	await driver.shows('plain-2');
	expect(driver.text()).toMatch(/^#\d+ \[1\/1\] COPY sign/m);
	expect(driver.text()).not.toContain('[+] Building');
	driver.say({ type: 'plain', on: false });
	driver.type(build('redrawn'));
	await driver.shows('redrawn-2');
	expect(driver.text()).toContain('[+] Building');
}, 120_000);
