// A workspace's sandbox on the real engine: started, used, lost, returned to, taken over.

import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { newId } from '@containrlab/protocol/id.ts';
import { TestInstance, ready, sh, startRequest, until } from './testing.ts';

let instance: TestInstance;
beforeAll(async () => void (instance = await TestInstance.create()));
afterAll(() => instance[Symbol.asyncDispose]());

test('builds and runs the lab in it, and fails fast at what lies outside', async () => {
	const sandboxes = await instance.launch();
	const workspace = newId();
	expect(sandboxes.start(startRequest(workspace)).began).toBe(true);
	expect(sandboxes.start(startRequest(workspace)).began).toBe(false);
	const sandbox = await ready(sandboxes, workspace);
	await sandbox.putFiles([
		{
			kind: 'text',
			path: 'Dockerfile',
			mode: 0o644,
			text: 'FROM python:3.13-slim\nWORKDIR /app\nCOPY page .\nCMD ["python", "-m", "http.server", "8080"]\n',
		},
		{ kind: 'text', path: 'page', mode: 0o600, text: 'hello' },
	]);
	expect(
		await sh(sandbox, 'docker build -q -t app . && docker run -d --name app -p 8080:8080 app'),
	).toMatch(/^sha256:[0-9a-f]{64}\n[0-9a-f]{64}$/);
	// A layer on a shared image holds what it adds, not the image again.
	expect(await sh(sandbox, 'docker history --human=false --format "{{.Size}}" app | head -3')).toBe(
		'0\n5\n0',
	);
	expect(
		await sh(sandbox, 'curl -s --retry 20 --retry-all-errors --retry-delay 1 localhost:8080/page'),
	).toBe('hello');
	expect(
		await sh(
			sandbox,
			'docker exec app getent hosts example.com; docker exec app pip install flask 2>&1',
			20_000,
		),
	).toContain('No matching distribution');
	expect(await sh(sandbox, 'docker pull nginx', 10_000)).toContain('no such host');
	await sandboxes.stop(workspace);
	expect(sandboxes.view(workspace)?.state).toMatchObject({ status: 'gone', reason: 'ended' });
	await sandboxes.close();
}, 120_000);

test('a kept volume brings images, containers and files back; a removed container is lost, not the work', async () => {
	const sandboxes = await instance.launch();
	const workspace = newId();
	sandboxes.start(startRequest(workspace));
	const first = await ready(sandboxes, workspace);
	await sh(
		first,
		'echo work > notes; docker tag python:3.13-slim mine; docker run -d --restart unless-stopped --name app mine sleep 1000',
	);
	await instance.engine.removeContainer(first.id);
	await until('the loss is noticed', () => sandboxes.view(workspace)?.state.status === 'gone');
	expect(sandboxes.view(workspace)?.state).toMatchObject({ reason: 'lost' });
	sandboxes.start(startRequest(workspace));
	const second = await ready(sandboxes, workspace);
	expect(second.id).not.toBe(first.id);
	expect(second.uid).toBe(first.uid);
	expect(await sh(second, 'cat notes')).toBe('work');
	expect(await sh(second, 'docker image inspect -f ok mine')).toBe('ok');
	expect(
		await sh(
			second,
			'for i in {1..50}; do [ "$(docker ps -q)" ] && break; sleep 0.1; done; docker ps --format "{{.Names}}"',
		),
	).toBe('app');
	await sandboxes.forget(workspace);
	expect(sandboxes.view(workspace)).toBeUndefined();
	const left = await instance.leftovers();
	expect(left.filter((name) => name.includes(workspace))).toEqual([]);
	await sandboxes.close();
	const next = await instance.launch();
	expect(next.list().map((session) => session.workspace)).not.toContain(workspace);
	await next.close();
});

test('commands end when their time is up or their caller has gone, with all they started', async () => {
	const sandboxes = await instance.launch();
	await using sandbox = await sandboxes.acquire('judge', { signal: AbortSignal.timeout(60_000) });
	const late = await sandbox.exec(['sh', '-c', 'echo begun; sleep 1234 & sleep 1234'], {
		timeoutMs: 500,
	});
	expect(late).toMatchObject({ exitCode: null, stdout: 'begun\n' });
	const caller = new AbortController();
	const abandoned = sandbox.exec(['sleep', '1234'], {
		timeoutMs: 60_000,
		signal: caller.signal,
	});
	caller.abort(new Error('gone'));
	await expect(abandoned).rejects.toThrow('gone');
	expect(await sh(sandbox, 'pgrep -f "[s]leep 1234" | wc -l')).toBe('0');
	expect(await sandbox.exec(['cat'], { timeoutMs: 5000, stdin: 'in' })).toMatchObject({
		exitCode: 0,
		stdout: 'in',
	});
	expect(
		await sandbox.exec(['sh', '-c', 'head -c 5000000 /dev/zero; echo "$A" >&2; exit 3'], {
			timeoutMs: 20_000,
			maxOutput: 1000,
			env: { A: 'b c' },
		}),
	).toMatchObject({ exitCode: 3, stderr: 'b c\n', truncated: true });
	await sandboxes.close();
});

test('a judge takes a warm sandbox but the last, and no later launch takes that for unused', async () => {
	await using own = await TestInstance.create();
	const before = await own.launch(2);
	await until('a full pool', () => before.counts.warm === 2);
	const judge = await before.acquire('judge', { signal: AbortSignal.timeout(60_000) });
	const names = (await own.engine.containers()).map(({ name }) => name);
	expect(names.some((name) => name.startsWith(`${own.name}-judge-`))).toBe(true);
	await before.close();
	const after = await own.launch(2);
	expect(await own.engine.isRunning(judge.id)).toBe(false);
	await until('a full pool', () => after.counts.warm === 2);
	await after.close();
});

test('an idle sandbox ends, one in use does not', async () => {
	const sandboxes = await instance.launch();
	const [idle, used] = [newId(), newId()];
	sandboxes.start(startRequest(used, 0.05));
	sandboxes.start(startRequest(idle, 0.05));
	await Promise.all([ready(sandboxes, idle), ready(sandboxes, used)]);
	await until('the end of the idle one', () => {
		sandboxes.touch(used);
		return sandboxes.view(idle)?.state.status === 'gone';
	});
	expect(sandboxes.view(idle)?.state).toMatchObject({ reason: 'idle' });
	expect(sandboxes.view(used)?.state.status).toBe('ready');
	await sandboxes.stop(used);
	await sandboxes.close();
});

test('states stay in their order when the clock is set back while a sandbox lives', async () => {
	const sandboxes = await instance.launch();
	const workspace = newId();
	sandboxes.start(startRequest(workspace));
	await ready(sandboxes, workspace);
	const { state } = sandboxes.view(workspace)!;
	vi.useFakeTimers({ toFake: ['Date'], now: state.at - 3_600_000 });
	try {
		await sandboxes.stop(workspace);
	} finally {
		vi.useRealTimers();
	}
	const times = sandboxes.seen.get(workspace)!.map(({ at }) => at);
	expect(sandboxes.view(workspace)!.state).toMatchObject({ status: 'gone', reason: 'ended' });
	expect(times).toEqual(times.toSorted((a, b) => a - b));
	await sandboxes.close();
});
