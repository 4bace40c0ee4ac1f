// Several terminals in one workspace: who opens and ends them, and who hears of it.

import { once } from 'node:events';
import { TERMINAL_CLOSE } from '@containrlab/protocol/terminal.ts';
import { expect, test } from 'vitest';
import { testAgent } from '../agent/testing.ts';
import { OWNER, TEACHER, TestRunner } from './testing.ts';

test('a workspace begins with one, its owner opens more up to a bound, and all see the list', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	const owner = await runner.join();
	const teacher = await runner.join(TEACHER);
	expect(owner.state!.terminals).toEqual(['1']);
	for (const name of ['2', '3', '4', '5', '6', '7', '8']) expect(await owner.opens()).toBe(name);
	owner.say({ type: 'open-terminal' });
	await owner.until(() => owner.last('refused')?.code === 'too-many');
	await teacher.until(() => teacher.state!.terminals.length === 8);
	teacher.say({ type: 'open-terminal' });
	await teacher.until(() => teacher.last('refused')?.code === 'not-allowed');
	// Each has a shell of its own.
	const [second, third] = [
		await runner.join(OWNER, 'write', '2'),
		await runner.join(OWNER, 'write', '3'),
	];
	second.type('mine=two; echo have-$mine-\r');
	third.type('echo have-$mine-\r');
	await second.shows('have-two-');
	await third.shows('have--');
});

test('closing ends the shell for everyone, after asking if something runs in it', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	const owner = await runner.join();
	const teacher = await runner.join(TEACHER);
	await owner.opens();
	const second = await runner.join(OWNER, 'write', '2');
	const watching = await runner.join(TEACHER, 'read', '2');
	const closing = Promise.all([once(second.socket, 'close'), once(watching.socket, 'close')]);
	second.type('sleep 1000 & echo started-$((1+1))\r');
	await second.shows('started-2');
	teacher.say({ type: 'close-terminal', terminal: '2', sure: true });
	await teacher.until(() => teacher.last('refused')?.code === 'not-allowed');
	owner.say({ type: 'close-terminal', terminal: '2', sure: false });
	await owner.until(() => owner.last('busy') !== undefined);
	expect(owner.last('busy')).toEqual({ type: 'busy', terminal: '2', programs: ['sleep'] });
	second.type('kill %1; wait; echo ended-$((1+1))\r');
	await second.shows('ended-2');
	owner.say({ type: 'close-terminal', terminal: '2', sure: false });
	for (const [code] of await closing) expect(code).toBe(TERMINAL_CLOSE.ended.code);
	expect(watching.last('ended')!.terminals).toEqual(['1']);
	await teacher.until(() => teacher.state!.terminals.length === 1);
	expect(runner.ended).toEqual(['2']);
	// The last one stays.
	owner.say({ type: 'close-terminal', terminal: '1', sure: true });
	await owner.until(() => owner.last('refused')?.code === 'last');
	owner.type('echo alive-$((1+1))\r');
	await owner.shows('alive-2');
});

test('who comes to a terminal that is no more is told which there are', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	const owner = await runner.join();
	await owner.opens();
	await runner.join(OWNER, 'write', '2');
	owner.say({ type: 'close-terminal', terminal: '1', sure: true });
	expect((await once(owner.socket, 'close'))[0]).toBe(TERMINAL_CLOSE.ended.code);
	const ticket = await runner.ticket(OWNER, 'write');
	const late = runner.dial(`/terminal/${runner.workspace}/1`, ticket);
	const [[message], [code]] = await Promise.all([once(late, 'message'), once(late, 'close')]);
	expect(JSON.parse(String(message))).toEqual({ type: 'ended', terminals: ['2'] });
	expect(code).toBe(TERMINAL_CLOSE.ended.code);
});

test('after runnerd died the list is what it was; after the agent died there are new shells', async () => {
	await using agent = await testAgent();
	{
		await using runner = await TestRunner.start(agent.open);
		const owner = await runner.join();
		await owner.opens();
		await owner.opens();
		const third = await runner.join(OWNER, 'write', '3');
		third.type('kept=yes; echo set-$((1+1))\r');
		await third.shows('set-2');
		owner.say({ type: 'close-terminal', terminal: '2', sure: true });
		await owner.until(() => owner.state!.terminals.length === 2);
	}
	await using runner = await TestRunner.start(agent.open);
	const owner = await runner.join();
	expect(owner.state!.terminals).toEqual(['1', '3']);
	const third = await runner.join(OWNER, 'write', '3');
	third.type('echo kept=$kept-\r');
	await third.shows('kept=yes-');
	await agent.restart();
	await third.until(() => third.count('restarted') === 1);
	third.type('echo kept=$kept-\r');
	await third.shows('kept=-');
	expect(third.state!.terminals).toEqual(['1', '3']);
});

test('a program that asks its terminal something is answered by one of the driver’s windows', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	const [first, second] = [await runner.join(), await runner.join()];
	for (const window of [first, second]) window.say({ type: 'resize', cols: 80, rows: 24 });
	second.type('cat -v\r');
	await second.shows('cat -v');
	first.type('\x1b[?1;2c');
	first.type('\x1b]11;rgb:00/00/00\x1b\\');
	// Keys of either are keys.
	first.type('\x1b[A');
	await second.shows('^[[A');
	second.type('\x1b[?1;9c');
	await second.shows('^[[A^[[?1;9c');
	expect(second.text()).not.toMatch(/1;2c|rgb/);
});
