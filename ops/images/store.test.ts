// Versions of the shared images stay while a sandbox's volume, in use or kept, may link to them.

import { expect, test } from 'vitest';
import { INSTANCE_LABEL } from '@containrlab/runnerd/engine/helper.ts';
import { connectDocker } from '@containrlab/runnerd/engine/engine.ts';
import { DOCKER_SOCKET, TestInstance, testImages } from '@containrlab/runnerd/sandboxes/testing.ts';
import { runOnce } from './container.ts';
import { removeUnused } from './store.ts';
import { unused } from './store-versions.ts';

const versions = [
	{ number: 2, since: 1000 },
	{ number: 3, since: 2000 },
	{ number: 5, since: 3000 },
];

test.each<[string, number[], number[]]>([
	['without volumes, all but the current one', [], [2, 3]],
	['a volume of the first', [1500, 3500], []],
	['a volume of the second', [2500, 3500], [2]],
	['one that began as the current one appeared', [3030], [2]],
	['volumes of the current one alone', [3500, 4000], [2, 3]],
	['a volume of which the engine doesn’t say', [0, 4000], []],
])('%s', (_case, began, gone) => {
	expect(unused(versions, began).map(({ number }) => number)).toEqual(gone);
});

test('on the engine, what a volume may link to stays, and what none can goes', async () => {
	const { image } = testImages();
	const docker = connectDocker({ socketPath: DOCKER_SOCKET });
	await using instance = await TestInstance.create();
	// As old as the versions in it.
	const volume = `${instance.name}-store`;
	await instance.engine.createVolume(volume);
	const inStore = (script: string) =>
		runOnce(
			docker,
			image,
			['sh', '-c', `cd /images; ${script}`],
			[{ Type: 'volume', Source: volume, Target: '/images' }],
		);
	await inStore('mkdir v1 v2; ln -s v2 current');
	const store = { sandbox: image, volume, images: [] };
	const label = `${INSTANCE_LABEL}=${instance.name}`;
	await removeUnused(docker, store, { label });
	expect(await inStore('ls')).toBe('current\nv1\nv2\n');
	await removeUnused(docker, store, { label, slack: -60 });
	expect(await inStore('ls')).toBe('current\nv2\n');
}, 60_000);
