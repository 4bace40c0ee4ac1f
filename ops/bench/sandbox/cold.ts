// A cold start: from the container's creation until `docker version` answers inside, images and all,
// beside what other ways to a Docker daemon of one's own take.

import { TestInstance } from '@containrlab/runnerd/sandboxes/testing.ts';
import { progress } from '../classroom.ts';
import { percentile, type Row } from '../report.ts';
import { peerImage, PEERS, peerStart } from './peers.ts';
import type { World } from './world.ts';

const ROUNDS = 10;
const TARGET = { rootless: 0.4, privileged: 1 };

export async function measureCold({ docker, images }: World): Promise<Row[]> {
	const peers = await peerImage(docker, images.sandbox);
	await using instance = await TestInstance.create();
	const sandboxes = await instance.launch();
	const ours = async () => {
		const begun = performance.now();
		await using sandbox = await sandboxes.acquire('judge', { signal: AbortSignal.timeout(60_000) });
		const asked = await sandbox.exec(['docker', 'version'], { timeoutMs: 30_000 });
		if (asked.exitCode !== 0) throw new Error(`docker version: ${asked.stderr}`);
		return performance.now() - begun;
	};
	const ways = {
		sandbox: ours,
		rootless: () => peerStart(docker, peers, PEERS.rootless),
		privileged: () => peerStart(docker, peers, PEERS.privileged),
	};
	const samples = { sandbox: [] as number[], rootless: [] as number[], privileged: [] as number[] };
	for (let round = 0; round < ROUNDS; round += 1) {
		for (const way of ['sandbox', 'rootless', 'privileged'] as const) {
			samples[way].push(await ways[way]());
			progress(`cold start, ${way}: ${Math.round(samples[way].at(-1)!)} ms`);
		}
	}
	const middle = (way: keyof typeof samples) => percentile(samples[way], 50);
	const row = (name: string, way: keyof typeof samples): Row => ({
		...{ name, value: middle(way), unit: 'ms' },
	});
	return [
		row('cold start → docker version, with the images (p50)', 'sandbox'),
		row('… dockerd-rootless.sh, without (p50)', 'rootless'),
		row('… a privileged nested daemon, without (p50)', 'privileged'),
		{
			...{ name: 'cold start : dockerd-rootless.sh', unit: '×', target: TARGET.rootless },
			value: middle('sandbox') / middle('rootless'),
		},
		{
			...{ name: 'cold start : privileged nested daemon', unit: '×', target: TARGET.privileged },
			value: middle('sandbox') / middle('privileged'),
		},
	];
}
