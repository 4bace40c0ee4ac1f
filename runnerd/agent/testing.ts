// For tests: the real agent on this host, over its socket in a temporary directory.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** The agent's program, a directory. */
export const AGENT = join(import.meta.dirname, '../sandbox/agent');

export interface TestAgent extends AsyncDisposable {
	/** The directory that stands for /workspace. */
	root: string;
	socket: string;
	/** Of the agent's process; another one after `kill`. */
	pid: number;
	open(): Promise<Duplex>;
	/** SIGKILL, then a new agent, as the sandbox's loop does. */
	restart(): Promise<void>;
}

/** `await using agent = await testAgent()`; another program shows what a guard is good for. */
export async function testAgent(program = AGENT): Promise<TestAgent> {
	const home = await realpath(await mkdtemp(join(tmpdir(), 'agent-')));
	const root = join(home, 'workspace');
	const socket = join(home, 'agent.sock');
	await mkdir(root);
	let child = await start(program, home, root, socket);
	return {
		root,
		socket,
		get pid() {
			return child.pid!;
		},
		open: () => openSocket(socket),
		async restart() {
			await stop(child);
			child = await start(program, home, root, socket);
		},
		async [Symbol.asyncDispose]() {
			await stop(child);
			await rm(home, { recursive: true, force: true, maxRetries: 5 });
		},
	};
}

async function start(
	program: string,
	home: string,
	root: string,
	socket: string,
): Promise<ChildProcess> {
	const child = spawn(
		'python3',
		['-I', '-S', '-B', program, '--root', root, '--state', join(home, 'state'), '--socket', socket],
		{
			stdio: ['ignore', 'inherit', 'pipe'],
			env: { PATH: process.env['PATH'], HOME: home, HISTFILE: '/dev/null' },
		},
	);
	const said: string[] = [];
	await new Promise<void>((resolve, reject) => {
		child.stderr!.on('data', (chunk: Buffer) => {
			said.push(chunk.toString());
			if (said.join('').includes('agent: ready')) resolve();
			// What it says later is a test's clue.
			if (said.length > 1) process.stderr.write(chunk);
		});
		child.once('exit', () => reject(new Error(`the agent ended: ${said.join('')}`)));
	});
	return child;
}

async function stop(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const ended = once(child, 'exit');
	child.kill('SIGKILL');
	await ended;
}

async function openSocket(path: string): Promise<Duplex> {
	const socket = connect(path);
	await once(socket, 'connect');
	return socket;
}

/** Resolves when the file is there. */
export async function appears(path: string): Promise<void> {
	for (const end = Date.now() + 20_000; Date.now() < end;) {
		if (existsSync(path)) return;
		await sleep(20);
	}
	throw new Error(`${path} never appeared`);
}
