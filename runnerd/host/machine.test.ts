// What each sandbox may take of the engine's machine, on the real engine: disks that can't be
// overfilled, volumes that are watched where there are none, and owners who are told.

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Engine } from '../engine/engine.ts';
import { EngineProxy } from '../engine/proxy-testing.ts';
import { newId } from '@containrlab/protocol/id.ts';
import { DEFAULT_LIMITS } from '@containrlab/protocol/sandbox.ts';
import { TestInstance, ready, sh, startRequest, until } from '../sandboxes/testing.ts';

const MB = 1024 ** 2;

const limited = (workspace: string, limits: Partial<typeof DEFAULT_LIMITS>) => ({
	...startRequest(workspace),
	limits: { ...DEFAULT_LIMITS, ...limits },
});

test('a disk of its own is full by itself, is kept, grows, and goes with all it used', async ({
	skip,
}) => {
	await using instance = await TestInstance.create();
	instance.machine = 'disks';
	const sandboxes = await instance.launch();
	const workspace = newId();
	sandboxes.start(limited(workspace, { disk: 512 * MB }));
	const first = await ready(sandboxes, workspace);
	// This machine has no disks to give.
	if (!(await sh(first, 'findmnt -no SOURCE /volume')).startsWith('/dev/containrlab/')) skip();
	{
		const volume = `${instance.name}-ws-${workspace}`;
		const idle = await sandboxes.machine!.use([volume]);
		expect(idle?.volumes[volume]).toBeLessThan(5 * MB);
		// The shared images are there as on any other volume, and builds go on top of them.
		await sh(first, 'printf "FROM python:3.13-slim\\nRUN touch /made" | docker build -q -t mine -');
		expect(
			await sh(first, 'docker run --rm mine ls /made; head -c 600M /dev/zero > big'),
		).toContain('No space left on device');
		await until('its owner is told', () => sandboxes.told.includes('disk-full'));
		await sh(first, 'rm big; echo work > notes');
		// What is deleted is the machine's again.
		await until('it is small again', async () => {
			await sh(first, 'sync -f /volume');
			return (await sandboxes.machine!.use([volume]))!.volumes[volume]! < 100 * MB;
		});
		await sandboxes.stop(workspace);
		await until('its device is gone', async () => (await instance.loops()).length === 0);
		sandboxes.start(limited(workspace, { disk: 768 * MB }));
		const second = await ready(sandboxes, workspace);
		expect(await sh(second, 'cat notes; docker run --rm mine ls /made')).toBe('work\n/made');
		expect(
			Number(await sh(second, 'df --output=size -BM /volume | tail -1 | tr -dc 0-9')),
		).toBeGreaterThan(600);
		sandboxes.restart({ ...limited(workspace, { disk: 512 * MB }), fresh: true });
		await until('it ends', () => sandboxes.view(workspace)!.state.status !== 'ready');
		await until('it is back', () => sandboxes.view(workspace)!.state.status === 'ready');
		expect(await sh(sandboxes.get(workspace)!, 'ls; docker image ls -q mine')).toBe('');
		await sandboxes.forget(workspace);
		await until('nothing is left of it', async () => {
			const { volumes } = (await sandboxes.machine!.use([volume]))!;
			return !(volume in volumes) && (await instance.loops()).length === 0;
		});
	}
}, 120_000);

test('a start whose helper is lost when it asks for a disk gets it from the next', async ({
	skip,
}) => {
	await using instance = await TestInstance.create();
	instance.machine = 'disks';
	await using proxy = await EngineProxy.listen(join(instance.directory, 'engine.sock'));
	const engine = new Engine({ socketPath: proxy.path }, instance.name);
	const sandboxes = await instance.launch(0, engine);
	// This machine has no disks to give.
	if (!(await sandboxes.machine!.use([]))) skip();
	const volume = `${instance.name}-sb-asked`;
	proxy.armPieces(1, () => proxy.cut());
	using disk = await sandboxes.machine!.disk(volume, 64 * MB, { empty: true });
	await proxy.struck;
	expect(disk?.device).toContain(volume);
	await sandboxes.close();
});

test('without disks, who takes too much is stopped in words, and starts again with room', async () => {
	await using instance = await TestInstance.create();
	instance.machine = 'no disks';
	const sandboxes = await instance.launch();
	const workspace = newId();
	sandboxes.start(limited(workspace, { disk: 256 * MB }));
	const first = await ready(sandboxes, workspace);
	expect(await sh(first, 'head -c 400M /dev/urandom > big; echo done')).toBe('done');
	await until('it is stopped', () => sandboxes.view(workspace)!.state.status === 'gone', 60_000);
	expect(sandboxes.view(workspace)!.state).toMatchObject({ reason: 'disk-taken' });
	expect(sandboxes.told).toContain('disk-taken');
	await until(
		'its volume is empty',
		async () => !(await instance.leftovers()).some((name) => name.includes(workspace)),
	);
	sandboxes.start(limited(workspace, { disk: 256 * MB }));
	expect(await sh(await ready(sandboxes, workspace), 'ls')).toBe('');
}, 120_000);
