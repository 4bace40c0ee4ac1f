// The bridge into a sandbox, with real pipes on both sides as the engine gives it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { AgentClient } from './client.ts';
import { testAgent, type TestAgent } from './testing.ts';

const BRIDGE = join(import.meta.dirname, '../sandbox/bin/sbx-agent-connect');
/** What a program of the student's may hand over instead, as root where the agent runs. */
const ODD = {
	'a file': "[os.open('/proc/self/maps', os.O_RDONLY)] * 2",
	'a terminal': 'list(os.openpty())',
	'one end alone': '[os.pipe()[0]]',
	'too many': 'list(os.pipe() + os.pipe())',
};

test('requests of any size go through whole, and several bridges at once', async () => {
	await using agent = await testAgent();
	await using one = bridge(agent);
	await using other = bridge(agent);
	const big = Buffer.alloc(6 * 1024 * 1024, 'how now, brown cow? ');
	await writeFile(join(agent.root, 'big.txt'), big);
	for (const { client } of [one, other]) {
		const reads = Array.from({ length: 4 }, () =>
			client.request('files.read', { path: 'big.txt' }),
		);
		for (const reply of await Promise.all(reads)) {
			expect(reply.ok && reply.body.equals(big)).toBe(true);
		}
	}
	await one.client.request('files.watch', { never: [] });
	const written = await one.client.request('files.write', { ...NEW, path: 'new.txt' }, big);
	expect(written).toMatchObject({ ok: true, header: { written: true } });
	expect((await readFile(join(agent.root, 'new.txt'))).equals(big)).toBe(true);
});

test('it ends when runnerd goes or the agent does, and its own end is noticed', async () => {
	await using agent = await testAgent();
	await using left = bridge(agent);
	await using killed = bridge(agent);
	await using stays = bridge(agent);
	for (const { client } of [left, killed, stays]) await client.request('hello');
	left.client.close();
	await left.ended;
	// Its output is the agent's alone by now: that closes it.
	process.kill(killed.pid, 'SIGKILL');
	await killed.client.closed;
	expect(await stays.client.request('hello')).toMatchObject({ ok: true });
	await agent.restart();
	await stays.client.closed;
	await stays.ended;
});

test.for(Object.entries(ODD))(
	'%s in the place of pipes closes that connection alone',
	async ([, fds]) => {
		await using agent = await testAgent();
		await using good = bridge(agent);
		await good.client.request('hello');
		const program = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
socket.send_fds(s, [b'+'], ${fds})
s.recv(1)`;
		const odd = spawn('python3', ['-c', program, agent.socket], { stdio: 'inherit' });
		expect(await once(odd, 'exit')).toEqual([0, null]);
		expect(await good.client.request('hello')).toMatchObject({ ok: true });
	},
);

const NEW = { key: 'k', expect: null, mode: 0o644, binary: false, on: 'agreed', record: {} };

interface Bridge extends AsyncDisposable {
	client: AgentClient;
	pid: number;
	ended: Promise<unknown>;
}

function bridge(agent: TestAgent): Bridge {
	// Real pipes: what Node gives a child are sockets.
	const command = 'exec "$0" < <(cat) > >(cat)';
	const child = spawn('bash', ['--norc', '-c', command, BRIDGE], {
		env: { PATH: process.env['PATH'], XDG_RUNTIME_DIR: dirname(agent.socket) },
	});
	const ended = once(child, 'exit');
	const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
	const client = new AgentClient(stream);
	return {
		client,
		pid: child.pid!,
		ended,
		async [Symbol.asyncDispose]() {
			client.close();
			await ended;
		},
	};
}
