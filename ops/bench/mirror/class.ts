// A class that builds the same at once, with packages of all three kinds, on a mirror that has fetched
// nothing yet.

import type Docker from 'dockerode';
import type { SandboxHandle } from '@containrlab/runnerd/sandboxes/handle.ts';
import { ready, sh, startRequest, TestInstance } from '@containrlab/runnerd/sandboxes/testing.ts';
import { unframe } from '../../images/container.ts';
import { startMirror } from '../../mirror/mirror.ts';
import { findUpstreams } from '../../mirror/upstreams.ts';
import { progress } from '../classroom.ts';
import { percentile, type Row } from '../report.ts';
import { cgroupMegabytes } from '../sandbox/cgroup.ts';
import type { World } from '../sandbox/world.ts';

const STUDENTS = Number(process.env['BENCH_STUDENTS'] ?? 40);
const TARGET = { perArtefact: 1, memoryMb: 150 };
const BUILD_MS = 900_000;
const DOCKERFILE =
	'FROM python:3.13-slim\\nRUN pip install flask\\nRUN apt-get update && apt-get install -y --no-install-recommends hello\\n';

export async function measureClass({ docker, images }: World): Promise<Row[]> {
	await using instance = await TestInstance.create();
	const upstreams = await findUpstreams(process.env);
	const name = await startMirror(docker, {
		...{ image: images.mirror, instance: instance.name, upstreams },
	});
	instance.mirror = name;
	const sandboxes = await instance.launch();
	const build = async (sandbox: SandboxHandle) => {
		const begun = performance.now();
		const status = `printf '${DOCKERFILE}' | docker build -q - > /dev/null; echo $?`;
		if ((await sh(sandbox, status, BUILD_MS)) !== '0') throw new Error('a build failed');
		return performance.now() - begun;
	};
	const names = Array.from({ length: STUDENTS + 1 }, (_, n) => `builds${n}`);
	for (const workspace of names) sandboxes.start(startRequest(workspace));
	const [first, ...boxes] = await Promise.all(names.map((one) => ready(sandboxes, one)));
	const begun = performance.now();
	const times = await Promise.all(boxes.map(build));
	const seconds = (performance.now() - begun) / 1000;
	progress(`${STUDENTS} builds: ${Math.round(seconds)} s`);
	const alone = await build(first!);
	const fetched = await upstreamRequests(docker, name);
	const counts = Map.groupBy(fetched, (path) => path);
	return [
		{
			name: 'upstream requests for each thing that was fetched (most)',
			unit: '×',
			target: TARGET.perArtefact,
			value: Math.max(...Array.from(counts.values(), (of) => of.length)),
		},
		{
			name: `${STUDENTS} builds at once, nothing fetched yet (p50)`,
			value: percentile(times, 50) / 1000,
			unit: 's',
		},
		{ name: '… p95', value: percentile(times, 95) / 1000, unit: 's' },
		{ name: '… builds done', value: STUDENTS / seconds, unit: '/s' },
		{ name: 'one build alone, everything fetched', value: alone / 1000, unit: 's' },
		{
			name: 'the mirror’s memory afterwards',
			value: await cgroupMegabytes(docker, name),
			unit: 'MB',
			target: TARGET.memoryMb,
		},
	];
}

/** What left this machine, by the mirror's own log. */
async function upstreamRequests(docker: Docker, mirror: string): Promise<string[]> {
	const log = unframe(await docker.getContainer(mirror).logs({ stdout: true, stderr: false }));
	return log.split('\n').flatMap((line) => {
		const [, host, path] =
			/^(?:MISS|EXPIRED|BYPASS|STALE) \d+ [\d.]+ (\S+) (\S+)$/.exec(line) ?? [];
		return host ? [`${host}${path}`] : [];
	});
}
