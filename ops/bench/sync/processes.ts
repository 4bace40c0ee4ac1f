// Child processes of the benchmark, and what /proc says of them.

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Ticks of a second in /proc/<pid>/stat: fixed in the kernel's interface. */
const TICKS = 100;

/** A process of this folder that ends with us; resolves with it and its first message. */
export async function forkHere<First>(
	file: string,
	env: Record<string, string> = {},
): Promise<{ child: ChildProcess; first: First }> {
	const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
		env: { ...process.env, ...env },
		serialization: 'advanced',
		stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
	});
	let words = '';
	child.stderr!.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-4000)));
	const failed = once(child, 'exit').then(() => {
		throw new Error(`${file} ended:\n${words}`);
	});
	failed.catch(() => {});
	const [first] = (await Promise.race([once(child, 'message'), failed])) as [First];
	return { child, first };
}

export async function end(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	child.kill('SIGKILL');
	await once(child, 'exit');
}

/** Seconds of a core that a process took until now, those of its ended children included. */
export async function cpuSeconds(pid: number): Promise<number> {
	const fields = await statFields(pid);
	return (fields ?? []).slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS;
}

/** … with its living children: Postgres has a process for each connection. */
export async function familyCpuSeconds(pid: number): Promise<number> {
	let sum = await cpuSeconds(pid);
	for (const name of await readdir('/proc')) {
		if (!/^\d+$/.test(name)) continue;
		const fields = await statFields(Number(name));
		if (fields && Number(fields[1]) === pid) sum += await cpuSeconds(Number(name));
	}
	return sum;
}

/** From the third on, which is the state: the second, its name, may hold spaces. */
async function statFields(pid: number): Promise<string[] | undefined> {
	const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
	return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}
