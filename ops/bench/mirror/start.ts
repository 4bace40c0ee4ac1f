// Sandboxes with a mirror and without, one after the other: their start, and the memory of many.

import { setTimeout as delay } from 'node:timers/promises';
import { TestInstance, ready, startRequest } from '@containrlab/runnerd/sandboxes/testing.ts';
import { startMirror } from '../../mirror/mirror.ts';
import { findUpstreams } from '../../mirror/upstreams.ts';
import { progress } from '../classroom.ts';
import { machineMegabytes } from '../memory.ts';
import { percentile, type Row } from '../report.ts';
import type { World } from '../sandbox/world.ts';

const ROUNDS = 10;
const MANY = 20;
const TARGET = { startMs: 100, memoryMb: 52 };
/** Until the daemons have given back what only their start needed. */
const SETTLE_MS = 20_000;

export async function measureStart({ docker, images }: World): Promise<Row[]> {
	await using without = await TestInstance.create();
	await using instance = await TestInstance.create();
	const upstreams = await findUpstreams(process.env);
	instance.mirror = await startMirror(docker, {
		...{ image: images.mirror, instance: instance.name, upstreams },
	});
	const sides = { with: await instance.launch(), without: await without.launch() };
	const start = async (side: keyof typeof sides) => {
		const begun = performance.now();
		await using _sandbox = await sides[side].acquire('judge', {
			signal: AbortSignal.timeout(60_000),
		});
		return performance.now() - begun;
	};
	const times = { with: [] as number[], without: [] as number[] };
	for (let round = 0; round < ROUNDS; round += 1) {
		for (const side of ['with', 'without'] as const) times[side].push(await start(side));
		progress(
			`start: ${Math.round(times.with.at(-1)!)} with, ${Math.round(times.without.at(-1)!)} without`,
		);
	}
	const p50 = (side: keyof typeof sides) => percentile(times[side], 50);
	const before = await machineMegabytes();
	const names = Array.from({ length: MANY }, (_, n) => `idle${n}`);
	for (const name of names) sides.with.start(startRequest(name));
	await Promise.all(names.map((name) => ready(sides.with, name)));
	await delay(SETTLE_MS);
	const growth = ((await machineMegabytes()) - before) / MANY;
	return [
		{ name: 'start of a sandbox with the mirror (p50)', value: p50('with'), unit: 'ms' },
		{
			name: '… more than without one (p50)',
			value: p50('with') - p50('without'),
			unit: 'ms',
			target: TARGET.startMs,
		},
		{
			name: `memory of an idle sandbox with the mirror: the machine’s growth over ${MANY}`,
			value: growth,
			unit: 'MB',
			target: TARGET.memoryMb,
		},
	];
}
