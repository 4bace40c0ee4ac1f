// Sandboxes that take all they can get, on the real engine: their neighbours work on, their owners are
// told, and can go on. With SOAK each kind is long enough to meet every limit again and again.

import { test } from 'vitest';
import { newId } from '@containrlab/protocol/id.ts';
import { DEFAULT_LIMITS } from '@containrlab/protocol/sandbox.ts';
import { TestInstance, ready, sh, startRequest, until } from '../sandboxes/testing.ts';
import { HOG_KINDS, Neighbour, hog } from './hogs-testing.ts';

const MB = 1024 ** 2;
const SOAK = process.env['SOAK'] !== undefined;
/** How often the neighbour types meanwhile, at least. */
const KEYS = SOAK ? 1000 : 10;
const OTHERS = HOG_KINDS.filter((kind) => kind !== 'processes');
const ALIVE = 'docker run --rm python:3.13-slim echo alive';

test.concurrent(
	'hogs of every kind hurt only themselves, their owner is told, and can go on',
	{ timeout: SOAK ? 900_000 : 240_000 },
	async ({ expect }) => {
		await using instance = await TestInstance.create();
		instance.machine = 'disks';
		const sandboxes = await instance.launch();
		const [hogs, near] = [newId(), newId()];
		const limits = { ...DEFAULT_LIMITS, memory: 512 * MB, disk: 512 * MB };
		sandboxes.start({ ...startRequest(hogs), limits });
		sandboxes.start(startRequest(near));
		const [bad, good] = await Promise.all([ready(sandboxes, hogs), ready(sandboxes, near)]);
		const capped = (await sh(bad, 'findmnt -no SOURCE /volume')).startsWith('/dev/containrlab/');
		await using neighbour = await Neighbour.at(() => sandboxes.openAgent(near));
		const untold = (causes: string[]) => causes.filter((code) => !sandboxes.told.includes(code));
		const areTold = (...causes: string[]) =>
			expect.poll(() => untold(causes), { timeout: 120_000 }).toEqual([]);
		// The last kind fills the sandbox until all that runs in it is ended, the others too.
		await hog(bad, OTHERS);
		await areTold('out-of-memory', capped ? 'disk-full' : 'disk-taken');
		await hog(bad, ['processes']);
		for (let key = 0; key < KEYS; key++) {
			await neighbour.echo();
			await neighbour.flushed();
		}
		await areTold('too-many-processes');
		await neighbour.echo();
		await neighbour.flushed();
		expect(`${await sh(good, 'cat notes.txt')}\n`).toBe(neighbour.text);
		expect(await sh(good, ALIVE)).toBe('alive');
		sandboxes.restart({ ...startRequest(hogs), limits, fresh: true });
		await until('the hogs are gone', () => sandboxes.view(hogs)!.state.status !== 'ready');
		expect(await sh(await ready(sandboxes, hogs), ALIVE)).toBe('alive');
	},
);

test.concurrent(
	'bombs of several users shut nobody out for long',
	{ timeout: 180_000 },
	async ({ expect }) => {
		await using instance = await TestInstance.create();
		instance.machine = 'disks';
		const sandboxes = await instance.launch();
		const workspace = newId();
		sandboxes.start(startRequest(workspace));
		const sandbox = await ready(sandboxes, workspace);
		await hog(sandbox, ['processes']);
		await until('processes are told', () => sandboxes.told.includes('too-many-processes'));
		const answers = async () => (await sh(sandbox, ALIVE)) === 'alive';
		await until('it answers again', answers, 60_000);
		expect(sandboxes.view(workspace)!.state.status).toBe('ready');
	},
);
