// Docker commands that can't do in a sandbox what they do elsewhere: they are made to work, or say so
// on the screen; docs/limits.md lists them.

import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { JudgeSandbox } from '../sandboxes/handle.ts';
import { TestInstance, sh, until } from '../sandboxes/testing.ts';

// Each starts containers, perhaps on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

let instance: TestInstance;
let sandbox: JudgeSandbox;

beforeAll(async () => {
	instance = await TestInstance.create();
	const sandboxes = await instance.launch();
	sandbox = await sandboxes.acquire('judge', { signal: AbortSignal.timeout(60_000) });
});
afterAll(() => instance[Symbol.asyncDispose]());
// What a test that failed left would be in the way of the next.
afterEach(() => sh(sandbox, 'docker ps -aq | xargs -r docker rm -f', 90_000));

const python = 'python:3.13-slim';

/** As typed at a prompt: both outputs are a screen; what it shows, and the command's status. */
async function typed(line: string): Promise<{ screen: string; status: number }> {
	const quoted = `'${line.replaceAll("'", "'\\''")}'`;
	const output = await sh(sandbox, `script -qec ${quoted} /dev/null < /dev/null; echo "status $?"`);
	const [, screen = '', status] = /^([^]*)status (\d+)$/.exec(output) ?? [];
	return { screen, status: Number(status) };
}

describe('made to work', () => {
	test('localhost and the sandbox’s own name lead to itself', async () => {
		expect(await sh(sandbox, 'getent ahostsv4 localhost')).toMatch(/^127\.0\.0\.1 /);
		expect(await sh(sandbox, 'getent ahostsv4 "$(hostname)"')).toMatch(/^127\.0\.0\.1 /);
	});

	test('docker top lists a container’s processes, and no others', async () => {
		await sh(sandbox, `docker run -d --name top ${python} sh -c 'sleep 1000 & exec sleep 2000'`);
		const shown = await sh(sandbox, 'docker top top -o pid,args');
		expect(
			shown
				.split('\n')
				.slice(1)
				.map((line) => line.replace(/^\d+ +/, '')),
		).toEqual(['sleep 2000', 'sleep 1000']);
		await sh(sandbox, 'docker rm -f top');
		expect(await sh(sandbox, 'docker top top')).toContain('No such container');
	});

	test('docker top of a container that shares the sandbox’s processes lists its own', async () => {
		await sh(sandbox, `docker run -d --init --pid host --name shared ${python} sleep 3000`);
		const shown = await sh(sandbox, 'docker top shared -o pid,args');
		expect(shown).toContain('sleep 3000');
		expect(shown).not.toContain('dockerd');
	});

	test('docker pause halts every process, docker unpause lets them go on', async () => {
		const count =
			'sh -c "(while :; do echo child; sleep 0.05; done) & while :; do echo; sleep 0.05; done"';
		await sh(sandbox, `docker run -d --name paused ${python} ${count}`);
		const printed = 'docker logs paused | wc -l';
		const grows = `a=$(${printed}); for _ in {1..100}; do [ $(${printed}) = $a ] || exit 0; sleep 0.05; done; exit 1`;
		const outcome = async () =>
			(await sandbox.exec(['bash', '-c', grows], { timeoutMs: 60_000 })).exitCode;
		expect(await outcome()).toBe(0);
		await sh(sandbox, 'docker pause paused');
		expect(await sh(sandbox, 'docker ps')).toContain('(Paused)');
		// One that ended while its parent is stopped stays a zombie (Z) for so long; one that waits in the
		// kernel (D) is stopped before it leaves it.
		const states =
			"docker top paused -o pid,stat | awk 'NR > 1 { print substr($2, 1, 1) }' | grep -v [ZD] | sort -u";
		expect(await sh(sandbox, states)).toBe('T');
		await sh(sandbox, 'docker unpause paused');
		expect(await outcome()).toBe(0);
		await sh(sandbox, 'docker pause paused && docker rm -f paused');
		expect(await sh(sandbox, 'docker ps -a')).not.toContain('paused');
	});

	test('docker pause halts one that waits for a child which is halted before it is a program', async () => {
		// vfork, with a child that takes its time: its parent waits in the kernel, and can't be stopped there.
		const waits =
			'import ctypes; c = ctypes.CDLL(None); stack = ctypes.create_string_buffer(65536); ' +
			'c.clone(c.sleep, ctypes.byref(stack, 65536 - 64), 0x4100 | 17, 1000)';
		await sh(sandbox, `docker run -d --init --name waits ${python} python -c '${waits}'`);
		const states =
			"docker top waits -o pid,stat | awk '{ print substr($2, 1, 1) }' | sort | tr -d '\n'";
		await until('it waits', async () => (await sh(sandbox, states)).includes('D'));
		expect(await sh(sandbox, 'docker pause waits')).toBe('waits');
		expect(await sh(sandbox, 'docker unpause waits && docker rm -f waits')).toBe('waits\nwaits');
	});

	test('a privileged container runs', async () => {
		const result = await sandbox.exec(
			[
				'docker',
				'run',
				'--rm',
				'--privileged',
				python,
				'sh',
				'-c',
				'mount -t tmpfs t /mnt && echo mounted',
			],
			{ timeoutMs: 30_000 },
		);
		expect(result).toMatchObject({ exitCode: 0, stdout: 'mounted\n' });
	});

	test('port 80 is published', async () => {
		await sh(sandbox, `docker run -d --name p80 -p 80:8000 ${python} python -m http.server 8000`);
		const got = await sh(
			sandbox,
			'curl -sI --retry 50 --retry-delay 1 --retry-all-errors localhost | head -1',
		);
		expect(got).toContain('200 OK');
	});

	test('containers that take every process leave some for us, and end', async () => {
		const bomb = `docker run -d --name bomb ${python} python -c 'import os, time\nwhile True:\n try: os.fork()\n except OSError: time.sleep(1)'`;
		await sh(sandbox, bomb);
		const full =
			'for _ in {1..300}; do [ $(cat /sys/fs/cgroup/pids{,/}pids.current 2> /dev/null) -lt 300 ] || exit 0; sleep 0.1; done; exit 1';
		expect(await sandbox.exec(['bash', '-c', full], { timeoutMs: 60_000 })).toMatchObject({
			exitCode: 0,
		});
		expect(await sh(sandbox, 'docker ps --format {{.Names}}')).toBe('bomb');
		expect(await sh(sandbox, 'docker rm -f bomb')).toBe('bomb');
	});
});

describe('said', () => {
	const noEffect = 'have no effect on single containers';
	const noInternet = 'there is no internet here';
	const cases: [line: string, words: string, status: number][] = [
		['docker stats --no-stream', 'shows zeros', 0],
		['docker container stats --no-stream', 'shows zeros', 0],
		[`docker run --rm --memory 64m ${python} true`, noEffect, 0],
		[`docker run --rm -m 64m ${python} sh -c "exit 7"`, noEffect, 7],
		[`docker run --rm --cpus=0.5 ${python} true`, noEffect, 0],
		['docker login -u me -p secret', noInternet, 1],
		['docker pull nothing/here', noInternet, 1],
		['docker push nothing/here', noInternet, 1],
		['docker search nginx', noInternet, 1],
	];
	test.each(cases)('%s', async (line, words, status) => {
		const shown = await typed(line);
		expect(shown.screen).toContain(`sandbox: `);
		expect(shown.screen).toContain(words);
		expect(shown.status, shown.screen).toBe(status);
	});

	test('compose with limits of its own', async () => {
		const file = `services: {}\n`;
		const limited = `services:\n  a:\n    image: ${python}\n    command: "true"\n    mem_limit: 64m\n`;
		const up =
			'cd "$(mktemp -d)" && printf %s "$1" > compose.yaml && script -qec "docker compose up" /dev/null < /dev/null';
		const run = async (text: string) =>
			(await sandbox.exec(['bash', '-c', up, 'up', text], { timeoutMs: 60_000 })).stdout;
		expect(await run(limited)).toContain(noEffect);
		expect(await run(file)).not.toContain('sandbox:');
	});

	const unsaid = [
		`docker run --rm ${python} python -m this`,
		`docker run --rm ${python} echo stats --cpu`,
		'docker ps',
		'docker version',
	];
	test.each(unsaid)('nothing about %s', async (line) => {
		const shown = await typed(line);
		expect(shown.screen).not.toContain('sandbox:');
		expect(shown.status, shown.screen).toBe(0);
	});

	test('a build as lines, to whom the screen is read aloud', async () => {
		const line = (plain: string) => `echo FROM ${python} | SANDBOX_PLAIN=${plain} docker build -`;
		expect((await typed(line('/workspace'))).screen).toMatch(/^#1 /m);
		expect((await typed(line('/none'))).screen).not.toMatch(/^#1 /m);
	});

	test('nothing where a program reads', async () => {
		const read = await sandbox.exec(['docker', 'stats', '--no-stream'], { timeoutMs: 30_000 });
		expect(read).toMatchObject({ exitCode: 0, stderr: '' });
	});
});
