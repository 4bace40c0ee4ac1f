// The terminal beside a bare exec with a TTY: bulk output with forty watchers, the echo of a key, and
// what a watcher costs that reads nothing.

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type Docker from 'dockerode';
import { newId } from '@containrlab/protocol/id.ts';
import { ready, startRequest, TestInstance } from '@containrlab/runnerd/sandboxes/testing.ts';
import { OWNER, TestRunner } from '@containrlab/runnerd/terminals/testing.ts';
import { progress } from '../classroom.ts';
import { percentile, type Row } from '../report.ts';
import type { Audience, Order } from './terminal-audience.ts';
import type { World } from './world.ts';

const WATCHERS = 40;
const ROUNDS = 3;
const KEYS = 150;
const MEGABYTES = 48;
const TARGET = { bulk: 2, stalled: 1, echo: 10 };

/** Prints its own time, by the clock of the program that prints. */
const PREPARE = `head -c 12000000 /dev/urandom | base64 >/tmp/bulk`;
const PRINT = `a=$(date +%s%N); cat /tmp/bulk /tmp/bulk /tmp/bulk; b=$(date +%s%N); echo took=$(((b-a)/1000))=`;
const TOOK = 'took=\\d+=';
const seconds = (words: string) => Number(/\d+/.exec(words)?.[0]) / 1e6;

export async function measureTerminal({ docker }: World): Promise<Row[]> {
	await using instance = await TestInstance.create();
	const sandboxes = await instance.launch();
	const workspace = newId();
	sandboxes.start(startRequest(workspace));
	await ready(sandboxes, workspace);
	const [container] = await instance.engine.containers();
	await using bare = await bareTerminal(docker.getContainer(container!.id));
	await using runner = await TestRunner.start(() => sandboxes.openAgent(workspace));
	const bulk = { bare: [] as number[], ours: [] as number[] };
	let echo: { bare: number[]; ours: number[] };
	{
		await using audience = await Front.open(runner, WATCHERS, false);
		await bare.run(`${PREPARE}; echo made=1=`, 'made=1=');
		await audience.run(`${PREPARE}; echo made=$((1))=`, 'made=1=');
		for (let round = 0; round < ROUNDS; round += 1) {
			bulk.bare.push(seconds(await bare.run(PRINT, TOOK)));
			bulk.ours.push(seconds(await audience.run(PRINT, TOOK)));
			progress(`${MEGABYTES} MB: bare ${bulk.bare.at(-1)} s, ours ${bulk.ours.at(-1)} s`);
		}
		await audience.run('clear; echo calm=$((1))=', 'calm=1=');
		echo = { bare: await bare.press(KEYS), ours: await audience.press(KEYS) };
	}
	const stalled = await stalledMegabytes(runner);
	const p50 = { bare: percentile(echo.bare, 50), ours: percentile(echo.ours, 50) };
	const time = { bare: percentile(bulk.bare, 50), ours: percentile(bulk.ours, 50) };
	return [
		{ name: `${MEGABYTES} MB printed to a bare exec's TTY (p50)`, value: time.bare, unit: 's' },
		{ name: `… to a terminal with ${WATCHERS} watchers (p50)`, value: time.ours, unit: 's' },
		{
			...{ name: 'printing, terminal : bare exec', unit: '×', target: TARGET.bulk },
			value: time.ours / time.bare,
		},
		{
			...{ name: 'a watcher that reads nothing, in a flood', unit: 'MB', target: TARGET.stalled },
			value: stalled,
		},
		{ name: 'echo of a key, bare exec (p50)', value: p50.bare, unit: 'ms' },
		{ name: 'echo of a key, terminal (p50)', value: p50.ours, unit: 'ms' },
		{
			...{ name: 'echo of a key, what the terminal adds', unit: 'ms', target: TARGET.echo },
			value: p50.ours - p50.bare,
		},
	];
}

/** What each of forty stalled watchers takes of runnerd's memory while the shell prints on. */
async function stalledMegabytes(runner: TestRunner): Promise<number> {
	const during = async (watchers: number) => {
		await using audience = await Front.open(runner, watchers, true);
		await audience.run(PRINT, TOOK);
		return held();
	};
	const without = await during(0);
	return ((await during(WATCHERS)) - without) / WATCHERS;
}

/** Memory that is in use, in MB: all but what the next collection frees. */
async function held(): Promise<number> {
	setFlagsFromString('--expose-gc');
	const collect = runInNewContext('gc') as () => void;
	await delay(1000);
	collect();
	await delay(100);
	collect();
	const { heapUsed, external } = process.memoryUsage();
	return (heapUsed + external) / 1e6;
}

/** The browsers at terminal 1, in a process of their own. */
class Front implements AsyncDisposable {
	readonly #child: ChildProcess;

	private constructor(child: ChildProcess) {
		this.#child = child;
	}

	static async open(runner: TestRunner, watchers: number, stalled: boolean): Promise<Front> {
		const people = Array.from({ length: watchers }, (_, n) => ({ id: `w${n}`, name: `W${n}` }));
		const tickets = [
			await runner.ticket(OWNER, 'write', 600),
			...(await Promise.all(people.map((person) => runner.ticket(person, 'read', 600)))),
		];
		const child = fork(new URL('terminal-audience.ts', import.meta.url));
		const url = `${runner.address}/terminal/${runner.workspace}/1`;
		child.send({ url, tickets, stalled } satisfies Audience);
		await once(child, 'message');
		return new Front(child);
	}

	async run(line: string, until: string): Promise<string> {
		return (await this.#ask({ line: `${line}\r`, until })) as string;
	}

	async press(keys: number): Promise<number[]> {
		return (await this.#ask({ keys })) as number[];
	}

	async #ask(order: Order): Promise<unknown> {
		this.#child.send(order);
		const [answer] = (await once(this.#child, 'message')) as [unknown];
		return answer;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		const ended = once(this.#child, 'exit');
		this.#child.disconnect();
		await ended;
	}
}

/** `docker exec -it … bash`, without anything of ours between. */
async function bareTerminal(container: Docker.Container) {
	const exec = await container.exec({
		...{ Cmd: ['bash', '--norc'], Tty: true, Env: ['TERM=xterm-256color'] },
		...{ AttachStdin: true, AttachStdout: true, AttachStderr: true },
	});
	const stream: Duplex = await exec.start({ hijack: true, stdin: true, Tty: true });
	let tail = '';
	let onText: () => void = () => {};
	stream.on('data', (data: Buffer) => {
		tail = (tail + data.subarray(-2048).toString('latin1')).slice(-2048);
		onText();
	});
	return {
		run(line: string, until: string): Promise<string> {
			const pattern = new RegExp(until);
			return new Promise((resolve) => {
				tail = '';
				onText = () => {
					// What is typed comes back first.
					const found = pattern.exec(tail.replace(line, ''));
					if (found) resolve(found[0]);
				};
				stream.write(`${line}\r`);
			});
		},
		async press(keys: number): Promise<number[]> {
			const times: number[] = [];
			for (let n = 0; n < keys; n += 1) {
				const begun = performance.now();
				await new Promise<void>((resolve) => {
					onText = resolve;
					stream.write('x');
				});
				times.push(performance.now() - begun);
				await delay(10);
			}
			return times;
		},
		async [Symbol.asyncDispose](): Promise<void> {
			const ended = once(stream, 'close');
			stream.write('\x15exit\r');
			await ended;
		},
	};
}
