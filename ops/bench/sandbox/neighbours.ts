// What somebody at work feels of a sandbox beside theirs that takes all it can get: their terminal and
// their files, with it and without, for each kind of hog.

import { setTimeout as delay } from 'node:timers/promises';
import { newId } from '@containrlab/protocol/id.ts';
import { HOG_KINDS, hog, Neighbour, type Hog } from '@containrlab/runnerd/host/hogs-testing.ts';
import {
	ready,
	startRequest,
	TestInstance,
	until,
} from '@containrlab/runnerd/sandboxes/testing.ts';
import { progress } from '../classroom.ts';
import { percentile, type Row } from '../report.ts';

const KEYS = 200;
/** Between two keys; a quick typist’s, so that each begins with nothing under way (ms). */
const PAUSE = { least: 20, more: 40 };
/** After this a hog has all it gets, and has run into its limits. */
const UNDER_WAY_MS = 5000;
/** A sandbox that is ready is still busy with its own start for a moment, which is no calm. */
const STARTED_MS = 3000;
const TARGET = 2;

const WORDS: Record<Hog, string> = {
	cores: 'four busy loops',
	memory: 'a memory hog',
	disk: 'a disk filler',
	logs: 'a log flooder',
	processes: 'fork bombs',
};

type Felt = { echo: number[]; toFile: number[] };

/** Each hog beside the calm just before it: whatever else the machine does is in both. */
export async function measureNeighbours(): Promise<Row[]> {
	await using instance = await TestInstance.create();
	instance.machine = 'disks';
	const sandboxes = await instance.launch();
	const [hogs, near] = [newId(), newId()];
	for (const workspace of [hogs, near]) sandboxes.start(startRequest(workspace));
	await Promise.all([ready(sandboxes, hogs), ready(sandboxes, near)]);
	await using neighbour = await Neighbour.at(() => sandboxes.openAgent(near));
	await felt(neighbour);
	const calm: Felt = { echo: [], toFile: [] };
	const rows: Row[] = [];
	for (const kind of HOG_KINDS) {
		const sandbox = await ready(sandboxes, hogs);
		await delay(STARTED_MS);
		const before = await felt(neighbour);
		calm.echo.push(...before.echo);
		calm.toFile.push(...before.toFile);
		await hog(sandbox, [kind]);
		await delay(UNDER_WAY_MS);
		rows.push(...compared(WORDS[kind], before, await felt(neighbour)));
		sandboxes.restart({ ...startRequest(hogs), fresh: true });
		await until('the hog is gone', () => sandboxes.view(hogs)!.state.status !== 'ready');
	}
	return [...absolute(calm), ...rows];
}

/** Types, as in a terminal and in a file, one after the other. */
async function felt(neighbour: Neighbour): Promise<Felt> {
	const found: Felt = { echo: [], toFile: [] };
	const pause = () => delay(PAUSE.least + Math.random() * PAUSE.more);
	for (let key = 0; key < KEYS; key++) {
		await pause();
		found.echo.push(await neighbour.echo());
		await pause();
		found.toFile.push(await neighbour.flushed());
	}
	return found;
}

const absolute = ({ echo, toFile }: Felt): Row[] => [
	{ name: 'echo of a key, nothing beside it (p50)', value: percentile(echo, 50), unit: 'ms' },
	{ name: 'echo of a key, nothing beside it (p95)', value: percentile(echo, 95), unit: 'ms' },
	{ name: 'edit → file, nothing beside it (p95)', value: percentile(toFile, 95), unit: 'ms' },
];

function compared(what: string, before: Felt, meanwhile: Felt): Row[] {
	const row = (name: string, from: readonly number[], to: readonly number[], p: number): Row => {
		const [calm, beside, most] = [percentile(from, p), percentile(to, p), Math.max(...to)];
		const figures = [calm, beside, most].map((ms) => ms.toFixed(1));
		progress(
			`  ${name}, p${p}: ${figures[0]} ms, beside ${what} ${figures[1]}, most ${figures[2]}`,
		);
		return {
			...{ name: `${name}, beside ${what} : nothing (p${p})`, unit: '×', target: TARGET },
			value: beside / calm,
		};
	};
	return [
		row('echo of a key', before.echo, meanwhile.echo, 50),
		row('echo of a key', before.echo, meanwhile.echo, 95),
		row('edit → file', before.toFile, meanwhile.toFile, 95),
	];
}
