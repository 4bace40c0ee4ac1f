// An agent answers from a group of its own beside all builds, on the real engine: only its main thread
// is there, nothing that it starts, and not for long what works rather than answers.

import { test } from 'vitest';
import { newId } from '@containrlab/protocol/id.ts';
import { AgentClient } from '../agent/client.ts';
import { TestInstance, ready, sh, startRequest, until } from '../sandboxes/testing.ts';

/** As every process of a sandbox can read it there. */
const groupOf = 'grep -E "[:,]cpu[,:]" /proc/$pid/task/$task/cgroup || true';

test('an agent goes before the builds, what it starts does not, nor does it while it works', async ({
	expect,
	skip,
}) => {
	await using instance = await TestInstance.create();
	instance.machine = 'no disks';
	const sandboxes = await instance.launch();
	const workspace = newId();
	sandboxes.start(startRequest(workspace));
	const sandbox = await ready(sandboxes, workspace);
	const own = await sh(
		sandbox,
		'pid=self; task=$$; grep -E "[:,]cpu[,:]" /proc/self/cgroup || true',
	);
	// With cgroup v2 it stays where it is.
	if (!own.includes('/containrlab')) skip();
	const client = new AgentClient(await sandboxes.openAgent(workspace));
	const hello = await client.request('hello');
	const pid = hello.ok ? Number(hello.header['pid']) : 0;
	const group = (task: string | number) => sh(sandbox, `pid=${task}; task=${task}; ${groupOf}`);
	const isBeside = async () => (await group(pid)).includes('-agents/');
	await until('the agent is beside the builds', isBeside);

	await client.request('terminal.open', { terminal: '1', cols: 80, rows: 24 });
	const shell = await sh(sandbox, `pgrep -P ${pid} bash`);
	expect(await group(shell)).toBe(own);
	const threads = await sh(sandbox, `ls /proc/${pid}/task`);
	for (const task of threads.split('\n').filter((one) => Number(one) !== pid)) {
		expect(await sh(sandbox, `pid=${pid}; task=${task}; ${groupOf}`)).toBe(own);
	}

	// Two requests at a time, so that one is always there.
	let works = true;
	const paths = Array(4000).fill('nothing');
	const work = async () => {
		while (works) await client.request('files.scan', { paths });
	};
	const working = Promise.all([work(), work()]);
	try {
		await until('it is back among them', async () => !(await isBeside()));
	} finally {
		works = false;
		await working;
	}
	await until('it is beside them again', isBeside, 60_000);
	client.close();
}, 120_000);
