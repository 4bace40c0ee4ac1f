// What somebody types until it is in their file, and what a program writes until it is in the editor:
// alone, and while twenty neighbours build images as fast as they can.

import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { DOCKERIGNORE, FIRST_DOCKERFILE } from '../../e2e/lesson.ts';
import { inClassroom, progress, type Classroom } from '../classroom.ts';
import { percentile, type Row } from '../report.ts';
import { row, typingSamples } from '../typing.ts';
import { Newcomer } from './newcomer.ts';

const NEIGHBOURS = 20;
/** Who arrives together. */
const TOGETHER = 5;
const TARGET_MS = { toFile: 100, toEditor: 250 };
/** After this they are all in the midst of a build. */
const UNDER_WAY_MS = 5000;
const BUILD = `
cat > Dockerfile <<'EOD'
${FIRST_DOCKERFILE}
EOD
cat > .dockerignore <<'EOD'
${DOCKERIGNORE}EOD
while [ ! -e /tmp/enough ]; do docker build --no-cache -q -t app . || exit 1; echo built >> /tmp/built; done`;
/** Prints by how many ms each sleep was too long. */
const SLEEP = `
import time
for _ in range(600):
    began = time.monotonic()
    time.sleep(0.05)
    print((time.monotonic() - began - 0.05) * 1000)
`;

export const measureFlush = (): Promise<Row[]> =>
	inClassroom(async (classroom) => {
		browsersGoFirst();
		const rows = await typingRows(classroom, 'alone');
		const neighbours = await settle(classroom);
		progress(`${NEIGHBOURS} neighbours build`);
		const building = Promise.all(
			neighbours.map((workspace) =>
				classroom.runnerd.exec(workspace, ['bash', '-ec', BUILD], 600_000),
			),
		);
		building.catch(() => {});
		await delay(UNDER_WAY_MS);
		const floor = lateness(classroom);
		rows.push(...(await typingRows(classroom, `beside ${NEIGHBOURS} builds`)), await floor);
		const built = await enough(classroom, neighbours);
		await building;
		progress(`${built} images were built meanwhile`);
		return rows;
	});

/**
 * The browsers stand for machines of their own, where no class builds: here they go before all else, and
 * what they use is taken from what is measured. For root, where the kernel shares the cores among sessions.
 */
function browsersGoFirst(): void {
	try {
		const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8');
		for (const pid of children.split(' ').filter(Boolean)) {
			const name = readFileSync(`/proc/${pid}/comm`, 'utf8');
			if (name.startsWith('chrom')) writeFileSync(`/proc/${pid}/autogroup`, '-10');
		}
	} catch (cause) {
		progress(`note: the browsers share the machine with the builds (${(cause as Error).message})`);
	}
}

/** What the machine leaves any sandbox: there a sleep in one where nothing else happens ends late. */
async function lateness({ lesson, runnerd }: Classroom): Promise<Row> {
	const idle = await Newcomer.join(lesson, 'Nobody');
	await idle.start();
	await idle.ready(runnerd);
	const printed = await runnerd.exec(idle.workspace, ['python3', '-c', SLEEP]);
	const late = printed.trim().split('\n').map(Number);
	const name = `a sleep in an idle sandbox is late by, beside ${NEIGHBOURS} builds (p95)`;
	return { name, value: percentile(late, 95), unit: 'ms' };
}

async function typingRows(classroom: Classroom, how: string): Promise<Row[]> {
	const { toFile, toEditor } = await typingSamples(classroom);
	return [
		row(`keystroke → file, ${how} (p95)`, toFile, TARGET_MS.toFile),
		row(`file → editor, ${how} (p95)`, toEditor, TARGET_MS.toEditor),
	];
}

/** The neighbours' workspaces, each with its sandbox. */
async function settle({ lesson, runnerd }: Classroom): Promise<string[]> {
	const workspaces: string[] = [];
	for (let n = 0; n < NEIGHBOURS; n += TOGETHER) {
		const arriving = Array.from({ length: TOGETHER }, async (_, k) => {
			const newcomer = await Newcomer.join(lesson, `Neighbour ${n + k + 1}`);
			await newcomer.start();
			await newcomer.ready(runnerd);
			return newcomer.workspace;
		});
		workspaces.push(...(await Promise.all(arriving)));
	}
	return workspaces;
}

/** Ends the builds; how many were done. */
async function enough({ runnerd }: Classroom, workspaces: readonly string[]): Promise<number> {
	let built = 0;
	for (const workspace of workspaces) {
		const counted = 'touch /tmp/enough; cat /tmp/built | wc -l';
		built += Number(await runnerd.exec(workspace, ['sh', '-c', counted]));
	}
	return built;
}
