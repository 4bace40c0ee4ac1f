// `npm run bench -- room`: the memory that students at work take, measured with a few of them, and
// what a room of forty would take if the others took the same.

import { setTimeout as delay } from 'node:timers/promises';
import Docker from 'dockerode';
import { DOCKERIGNORE, FIRST_DOCKERFILE, startLesson, type Lesson } from '../e2e/lesson.ts';
import { residentMegabytes } from './memory.ts';
import { percentile, printRows } from './report.ts';
import { Runnerd } from './runnerd.ts';
import { cgroupMegabytes } from './sandbox/cgroup.ts';
import { Newcomer } from './sandbox/newcomer.ts';

const STUDENTS = 6;
const ROOM = 40;
const POOL = 2;
const SAMPLE_MS = 250;

/** What the lab is about: an image built, a container of it running and asked. */
const WORK = `
cat > Dockerfile <<'EOD'
${FIRST_DOCKERFILE}
EOD
cat > .dockerignore <<'EOD'
${DOCKERIGNORE}EOD
docker build -q -t app .
docker run -d --name app -p 8080:8080 app
curl -fs --retry 60 --retry-delay 1 --retry-all-errors localhost:8080/health`;

const docker = new Docker();
process.env['POOL_SIZE'] = String(POOL);
const lesson = await startLesson('room');
try {
	await measure(lesson);
} finally {
	await lesson.stop();
}

async function measure(lesson: Lesson): Promise<void> {
	const runnerd = await Runnerd.of(lesson);
	const workspaces: string[] = [];
	for (let n = 1; n <= STUDENTS; n += 1) {
		console.error(`student ${n} of ${STUDENTS}`);
		workspaces.push(await arrive(lesson, runnerd, n));
	}
	await runnerd.quiet(POOL);
	const waiting = await memoryOf(lesson, workspaces);
	console.error('all of them build and run the lab');
	const peak = sampled(() => memoryOf(lesson, workspaces));
	const work = (workspace: string) => runnerd.exec(workspace, ['bash', '-ec', WORK], 300_000);
	await Promise.all(workspaces.map(work));
	const building = await peak.end();
	const running = await memoryOf(lesson, workspaces);
	const services = await Promise.all(
		(['web', 'sync', 'runnerd', 'postgres'] as const).map((name) =>
			residentMegabytes(lesson.pid(name)),
		),
	);
	const ours = sum(services) + POOL * percentile(waiting, 50);
	const row = (name: string, value: number) => ({ name, value, unit: 'MB' as const });
	printRows([
		row('a sandbox, nothing done in it yet (median)', percentile(waiting, 50)),
		row('a sandbox, the lab built and running (median)', percentile(running, 50)),
		row(`a sandbox, at the peak of ${STUDENTS} builds at once (mean)`, building / STUDENTS),
		row('services and warm sandboxes', ours),
		row(`extrapolated: ${ROOM} students, the lab running`, ours + ROOM * percentile(running, 50)),
		row(`extrapolated: ${ROOM} students, all building`, ours + (ROOM * building) / STUDENTS),
	]);
}

/** Joins and starts a sandbox; resolves with the workspace once its daemon answers. */
async function arrive(lesson: Lesson, runnerd: Runnerd, n: number): Promise<string> {
	const newcomer = await Newcomer.join(lesson, `Student ${n}`);
	await newcomer.start();
	await newcomer.ready(runnerd);
	return newcomer.workspace;
}

/** What each sandbox holds. */
const memoryOf = (lesson: Lesson, workspaces: readonly string[]): Promise<number[]> =>
	Promise.all(workspaces.map((id) => cgroupMegabytes(docker, `${lesson.instance}-ws-${id}`)));

/** The largest sum there was, from now on until its end. */
function sampled(take: () => Promise<number[]>): { end: () => Promise<number> } {
	let most = 0;
	let ended = false;
	const sampling = (async () => {
		for (; !ended; await delay(SAMPLE_MS)) most = Math.max(most, sum(await take()));
	})();
	return {
		end: async () => {
			ended = true;
			await sampling;
			return most;
		},
	};
}

function sum(values: readonly number[]): number {
	return values.reduce((total, value) => total + value, 0);
}
