// What a sandbox takes while nothing is done in it, its daemon running and the labs' images there.

import { setTimeout as delay } from 'node:timers/promises';
import { ready, startRequest, TestInstance } from '@containrlab/runnerd/sandboxes/testing.ts';
import type { SandboxHandle } from '@containrlab/runnerd/sandboxes/handle.ts';
import { progress } from '../classroom.ts';
import { machineMegabytes } from '../memory.ts';
import { percentile, type Row } from '../report.ts';
import { cgroupMegabytes } from './cgroup.ts';
import type { World } from './world.ts';

const SANDBOXES = 20;
const TARGET_MB = { memory: 52, disk: 5 };
/** Until the daemons have given back what only their start needed. */
const SETTLE_MS = 20_000;

export async function measureIdle({ docker }: World): Promise<Row[]> {
	await using instance = await TestInstance.create();
	const sandboxes = await instance.launch();
	const before = await machineMegabytes();
	const names = Array.from({ length: SANDBOXES }, (_, n) => `idle${n}`);
	for (const name of names) sandboxes.start(startRequest(name));
	const boxes = await Promise.all(names.map((name) => ready(sandboxes, name)));
	progress(`${SANDBOXES} sandboxes are there`);
	await delay(SETTLE_MS);
	const growth = ((await machineMegabytes()) - before) / SANDBOXES;
	const cgroups = await Promise.all(
		names.map((name) => cgroupMegabytes(docker, `${instance.name}-ws-${name}`)),
	);
	const disks = await Promise.all(boxes.map(diskMegabytes));
	const row = (name: string, value: number, target?: number): Row => ({
		...{ name, value, unit: 'MB' },
		...(target !== undefined && { target }),
	});
	return [
		row(
			`memory of an idle sandbox: the machine’s growth over ${SANDBOXES}`,
			growth,
			TARGET_MB.memory,
		),
		row('… of it inside, as its cgroup counts (p50)', percentile(cgroups, 50)),
		row('disk of an idle sandbox, with the images (p50)', percentile(disks, 50), TARGET_MB.disk),
	];
}

/** All that it wrote, in blocks: its volume is the one place where it can. */
async function diskMegabytes(box: SandboxHandle): Promise<number> {
	const { stdout } = await box.exec(
		['du', '--summarize', '--one-file-system', '--block-size=1', '/volume'],
		{
			timeoutMs: 30_000,
		},
	);
	return Number(stdout.split('\t')[0]) / 1e6;
}
