// Whatever dies, at whatever step: nothing is left behind on the engine, nothing of the work is lost,
// and the next launch finishes what was under way. `npm run soak` takes every step, `npm test` some.

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newId } from '@containrlab/protocol/id.ts';
import { createFile, liveFiles } from '@containrlab/protocol/workspace-doc.ts';
import { EngineProxy, type Fault, type Moment } from './engine/proxy-testing.ts';
import { Engine } from './engine/engine.ts';
import { World } from './faults-testing.ts';
import type { SyncRoom } from './flush/room.ts';
import { TestInstance, ready, startRequest, until } from './sandboxes/testing.ts';

const ALL = process.env['SOAK'] !== undefined;
const TIME = ALL ? 3_600_000 : 300_000;

type Step = { step: number; moment: Moment };

/** Runs `each` at every step of an act until it says that the act was over before; or at some. */
async function atSteps(some: Step[], each: (at: Step) => Promise<boolean>): Promise<void> {
	if (!ALL) {
		for (const at of some) expect(await each(at), `${at.moment} ${at.step} came`).toBe(true);
		return;
	}
	for (let step = 1; ; step++) {
		for (const moment of ['before', 'after'] as const) {
			if (!(await each({ step, moment }))) return;
		}
	}
}

const during = ({ step, moment }: Step, world: World) =>
	`${moment} step ${step}; since then: ${world.proxy.steps.join(', ')}`;

const STARTS: Step[] = [
	{ step: 2, moment: 'after' },
	{ step: 3, moment: 'before' },
];
const CLAIMS: Step[] = [{ step: 1, moment: 'after' }];
const STOPS: Step[] = [{ step: 1, moment: 'after' }];
const RESTARTS: Step[] = [{ step: 3, moment: 'before' }];

test(
	'runnerd killed at any step of a start: it is finished, or begun anew',
	{ timeout: TIME },
	async () => {
		await using world = await World.create(0);
		await atSteps(STARTS, async (at) => {
			const request = await world.workspace();
			const killed = await world.killAt(at, () => world.started(request));
			await world.started(request);
			expect(await world.instance.leftovers(), during(at, world)).toHaveLength(2);
			await world.endsClean(request);
			return killed;
		});
	},
);

test(
	'runnerd killed at any step of a claim: the workspace has it, or another',
	{ timeout: TIME },
	async () => {
		await using world = await World.create(1);
		await atSteps(CLAIMS, async (at) => {
			await world.warm();
			const request = await world.workspace();
			const killed = await world.killAt(at, () => world.started(request));
			await world.started(request);
			expect(await world.sh(request.workspace, 'echo alive'), during(at, world)).toBe('alive\n');
			await world.warm();
			await world.endsClean(request);
			return killed;
		});
	},
);

test(
	'runnerd asked to end or killed ends no sandbox: the next launch has the same, and sweeps the rest',
	{ timeout: TIME },
	async () => {
		await using world = await World.create(1);
		const { engine, name } = world.instance;
		const request = await world.workspace();
		const { workspace } = request;
		await world.started(request);
		await world.sh(workspace, 'echo still > here');
		await world.warm();
		const running = async () =>
			(await engine.containers()).flatMap(({ id, running }) => (running ? [id] : [])).sort();
		const before = await running();
		expect(before).toHaveLength(2);
		for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
			await engine.createVolume(`${name}-sb-orphan`);
			await world.runner.end(signal);
			expect(await running(), signal).toEqual(before);
			await world.launch();
			await world.reaches(workspace, 'ready');
			await world.warm();
			expect(await world.sh(workspace, 'cat here')).toBe('still\n');
			expect(await running(), signal).toEqual(before);
			expect(await engine.volumes()).not.toContain(`${name}-sb-orphan`);
		}
	},
);

test(
	'runnerd killed at any step of a stop: it ends, and what it held comes back',
	{ timeout: TIME },
	async () => {
		await using world = await World.create(0);
		await atSteps(STOPS, async (at) => {
			const request = await world.workspace();
			const { workspace } = request;
			await world.started(request);
			await world.sh(workspace, 'mkdir -p .git && echo mine > .git/kept; echo work > notes');
			const stop = () => world.runner.fetch('DELETE', `/sessions/${workspace}`);
			const killed = await world.killAt(at, stop);
			// Where the kill came before anything was written down, it lives on, and is asked again.
			await stop();
			await world.reaches(workspace, 'gone');
			const volume: unknown = expect.stringContaining(workspace);
			expect(await world.instance.leftovers(), during(at, world)).toEqual([volume]);
			using editor = await world.editor(request);
			expect(allTexts(editor.room, 'notes')).toBe('work\n');
			await world.started(request);
			expect(await world.sh(workspace, 'cat notes .git/kept')).toBe('work\nmine\n');
			await world.endsClean(request);
			return killed;
		});
	},
);

test(
	'runnerd killed at any step of a restart on a fresh volume: the next finishes it',
	{ timeout: TIME },
	async () => {
		await using world = await World.create(0);
		await atSteps(RESTARTS, async (at) => {
			const request = await world.workspace();
			const { workspace } = request;
			await world.started(request);
			await world.sh(workspace, 'mkdir -p .git && touch .git/old; echo work > notes');
			const killed = await world.killAt(at, async () => {
				const body = { ...request, fresh: true };
				await world.runner.fetch('POST', `/sessions/${workspace}/restart`, body);
				await world.reaches(workspace, 'ready');
			});
			await world.reaches(workspace, 'ready');
			expect(await world.sh(workspace, 'ls -A; cat notes'), during(at, world)).toBe(
				'notes\nwork\n',
			);
			expect(await world.instance.leftovers()).toHaveLength(2);
			await world.endsClean(request);
			return killed;
		});
	},
);

test(
	'runnerd killed while files flow both ways: both sides have all of it',
	{ timeout: TIME },
	async () => {
		await using world = await World.create(0);
		const request = await world.workspace();
		const { workspace } = request;
		await world.started(request);
		using editor = await world.editor(request);
		const { doc } = editor.room;
		doc.transact(() => createFile(doc, { kind: 'text', path: 'f', mode: 0o644, text: '' }));
		const said: string[] = [];
		// The agent's stream is bytes, not steps: it ends after so many of its pieces.
		for (const pieces of ALL ? [1, 2, 3, 4, 5, 6, 8, 10, 13, 17, 22, 30] : [3]) {
			said.push(`shell ${pieces}`, `editor ${pieces}`);
			world.proxy.armPieces(pieces, () => world.runner.kill());
			liveFiles(doc)[0]!.text!.insert(0, `editor ${pieces}\n`);
			await world.shUnheard(workspace, `echo "shell ${pieces}" >> f`);
			// A piece may hold much: until it has come to so many, there is more to do.
			await world.strikes(() => world.shUnheard(workspace, 'true'));
			await world.runner.end('SIGKILL');
			await world.launch();
			await world.reaches(workspace, 'ready');
			// The command itself may have been what was cut off.
			await world.sh(workspace, `grep -q "shell ${pieces}" f || echo "shell ${pieces}" >> f`);
			await until(
				`both agree after ${pieces} pieces`,
				async () => {
					const disk = await world.sh(workspace, 'cat f');
					return allTexts(editor.room, 'f') === disk && said.every((line) => once(disk, line));
				},
				60_000,
			);
		}
		await world.endsClean(request);
	},
);

test('a container removed while it boots is made again', { timeout: TIME }, async () => {
	await using instance = await TestInstance.create();
	const sandboxes = await instance.launch();
	const workspace = newId();
	sandboxes.start(startRequest(workspace));
	await until('it boots', () => {
		const { state } = sandboxes.view(workspace)!;
		return state.status === 'starting' && state.phase === 'booting';
	});
	const [first] = await instance.engine.containers();
	await instance.engine.removeContainer(first!.id);
	const { id } = await ready(sandboxes, workspace);
	expect((await instance.engine.containers()).map((one) => one.id)).toEqual([id]);
	await sandboxes.close();
});

test(
	'an engine that refuses at any step of a start: once is nobody’s trouble, for good it is said',
	{ timeout: TIME },
	async () => {
		await using instance = await TestInstance.create();
		await using proxy = await EngineProxy.listen(join(instance.directory, 'engine.sock'));
		const way = new Engine({ socketPath: proxy.path }, instance.name);
		const sandboxes = await instance.launch(0, way);
		/** Its disk is full. */
		const full = { moment: 'before', act: undefined } as const;
		/** It does as it is told, and its answer is lost. */
		const cut = { moment: 'after', act: () => {} } as const;
		/** Starts beside such an engine; nothing is left of it in the end. */
		const start = async (fault: Fault) => {
			const workspace = newId();
			proxy.arm(fault);
			sandboxes.start(startRequest(workspace));
			const { state } = await until('its end', () => {
				const view = sandboxes.view(workspace)!;
				return (view.state.status === 'failed' || view.state.status === 'ready') && view;
			});
			const steps = proxy.steps.join(', ');
			proxy.arm();
			if (state.status === 'ready') expect(await instance.leftovers(), steps).toHaveLength(2);
			await sandboxes.forget(workspace);
			expect(await instance.leftovers(), steps).toEqual([]);
			return state;
		};
		for (const step of ALL ? [1, 2, 3] : [1]) {
			expect(await start({ step, ...full, lasts: true })).toMatchObject({
				reason: 'start-failed',
				message: expect.stringContaining('Your files are safe; try again') as string,
			});
		}
		for (const step of ALL ? [1, 2, 3, 4, 5, 6] : [2, 5]) {
			expect(await start({ step, ...full }), `full at ${step}`).toMatchObject({ status: 'ready' });
		}
		for (const step of ALL ? [1, 2, 3, 4, 5, 6] : [3]) {
			expect(await start({ step, ...cut }), `cut at ${step}`).toMatchObject({ status: 'ready' });
		}
		await sandboxes.close();
	},
);

/** Of all files whose names begin so, as `cat` prints them. */
const allTexts = (room: SyncRoom, prefix: string): string =>
	liveFiles(room.doc)
		.filter((file) => file.path.startsWith(prefix))
		.map((file) => file.text?.toString() ?? '')
		.join('');

const once = (text: string, line: string): boolean =>
	text.split('\n').filter((other) => other === line).length === 1;
