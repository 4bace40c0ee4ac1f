// What a sandbox keeps, and when it goes: over a restart, on a fresh volume, under the budget.

import { expect, test } from 'vitest';
import { newId } from '@containrlab/protocol/id.ts';
import type { SandboxHandle } from './handle.ts';
import type { Sandboxes } from './sandboxes.ts';
import { TestInstance, ready, sh, startRequest, until } from './testing.ts';
import type { HostLifecycle } from '../sessions/workspace-host.ts';

/** The sandbox that takes the place of `before`. */
const after = (sandboxes: Sandboxes<HostLifecycle>, workspace: string, before: SandboxHandle) =>
	until('another sandbox', () => {
		const { state } = sandboxes.view(workspace)!;
		if (state.status === 'failed') throw new Error(JSON.stringify(state));
		const box = sandboxes.get(workspace);
		return state.status === 'ready' && box?.id !== before.id && box;
	});

test('a restart brings all of it back, a fresh one nothing, and the budget spares what runs', async () => {
	await using instance = await TestInstance.create();
	instance.kept = { count: 0, bytes: undefined };
	const sandboxes = await instance.launch();
	const workspace = newId();
	const request = startRequest(workspace);
	sandboxes.start(request);
	const first = await ready(sandboxes, workspace);
	await sh(
		first,
		`echo work > notes; docker tag python:3.13-slim mine; docker volume create things
		docker run --rm -v things:/things mine sh -c 'echo thing > /things/one'
		docker run -d --name app --restart unless-stopped --stop-signal KILL -p 8080:80 -v things:/things mine python -m http.server -d /things 80
		docker run --name over mine true`,
	);
	sandboxes.restart({ ...request, fresh: false });
	expect(sandboxes.view(workspace)!.state).toMatchObject({ reason: 'restarted' });
	const second = await after(sandboxes, workspace, first);
	const fetched = await sh(
		second,
		'curl -s --retry 40 --retry-all-errors --retry-delay 1 localhost:8080/one; cat notes; docker ps -a --format {{.Names}} | sort',
	);
	expect(fetched).toBe('thing\nwork\napp\nover');

	// Looked at while it runs: it isn't what is kept.
	await sandboxes.trimKept();
	sandboxes.restart({ ...request, fresh: true });
	const third = await after(sandboxes, workspace, second);
	expect(await sh(third, 'ls; docker ps -aq; docker volume ls -q; docker images -q mine')).toBe('');
	expect(await sh(third, 'docker image inspect -f ok python:3.13-slim')).toBe('ok');
	expect(await instance.engine.volumes()).toHaveLength(1);

	await sandboxes.stop(workspace);
	expect(sandboxes.view(workspace)!.state).toMatchObject({ status: 'gone', kept: true });
	await sandboxes.trimKept();
	expect(sandboxes.view(workspace)!.state).toMatchObject({ status: 'gone', kept: false });
	expect(await instance.leftovers()).toEqual([]);
	sandboxes.start(request);
	await ready(sandboxes, workspace);
	expect(sandboxes.told).toEqual(['images-cleared']);
	await sandboxes.close();
}, 120_000);
