// Sandboxes that find eight images and sandboxes that find none, one after the other: their start and disk.

import { DEFAULT_LIMITS } from '@containrlab/protocol/sandbox.ts';
import { TestInstance } from '@containrlab/runnerd/sandboxes/testing.ts';
import { labImages } from '../../images.ts';
import { publishStore } from '../../images/store.ts';
import { progress } from '../classroom.ts';
import { percentile, type Row } from '../report.ts';
import type { World } from '../sandbox/world.ts';

const ROUNDS = 10;
const TARGET = { startMs: 100, diskMb: 5 };
const EIGHT = [
	...['busybox', 'debian:trixie-slim', 'hello-world', 'nginx'],
	...['node:20-slim', 'node:22-slim', 'python:3.13-slim', 'redis'],
];

export async function measureImages({ docker, images }: World): Promise<Row[]> {
	await using without = await TestInstance.create();
	await using instance = await TestInstance.create();
	for (const each of [without, instance]) each.machine = 'disks';
	const volume = `${instance.name}-images`;
	await instance.engine.createVolume(volume);
	const step = { begin: progress, log() {} };
	const eight = await labImages(docker, EIGHT, step);
	await publishStore(docker, { sandbox: images.sandbox, volume, images: eight }, step);
	const sides = { with: await launch(instance, volume), without: await launch(without, '') };
	const seen = { with: [] as Start[], without: [] as Start[] };
	for (let round = 0; round < ROUNDS; round += 1) {
		for (const side of ['with', 'without'] as const) seen[side].push(await start(sides[side]));
	}
	const more = (of: (start: Start) => number) =>
		percentile(seen.with.map(of), 50) - percentile(seen.without.map(of), 50);
	return [
		{
			name: `start of a sandbox with ${EIGHT.length} images (p50)`,
			value: percentile(
				seen.with.map(({ ms }) => ms),
				50,
			),
			unit: 'ms',
		},
		{
			name: '… more than without any (p50)',
			value: more(({ ms }) => ms),
			unit: 'ms',
			target: TARGET.startMs,
		},
		{
			name: 'disk of a sandbox, more than without any (p50)',
			value: more(({ bytes }) => bytes) / 1e6,
			unit: 'MB',
			target: TARGET.diskMb,
		},
	];
}

type Start = { ms: number; bytes: number };
type Launched = Awaited<ReturnType<TestInstance['launch']>>;

/** Launches read what there is from the environment. */
async function launch(instance: TestInstance, volume: string): Promise<Launched> {
	const before = process.env['IMAGES_VOLUME'];
	if (volume) process.env['IMAGES_VOLUME'] = volume;
	else delete process.env['IMAGES_VOLUME'];
	try {
		return await instance.launch();
	} finally {
		if (before) process.env['IMAGES_VOLUME'] = before;
	}
}

async function start(sandboxes: Launched): Promise<Start> {
	const signal = AbortSignal.timeout(60_000);
	await using sandbox = await sandboxes.trial(DEFAULT_LIMITS, { signal, mirror: undefined });
	await sandbox.exec(['sync', '-f', '/workspace'], { timeoutMs: 30_000 });
	const { bytes = 0 } = await sandboxes.measure(sandbox.volume);
	return { ms: sandbox.bootMs ?? 0, bytes };
}
