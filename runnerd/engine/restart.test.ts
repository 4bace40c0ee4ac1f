// An engine that really restarts, told to and killed: it takes the sandboxes with it, never the work.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createFile, liveFiles } from '@containrlab/protocol/workspace-doc.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { World } from '../faults-testing.ts';
import { SecondEngine } from './second-testing.ts';
import { testImages, until } from '../sandboxes/testing.ts';
import type { Session } from '@containrlab/protocol/sandbox.ts';

const TIME = 300_000;
const has = (command: string) =>
	promisify(execFile)('which', [command]).then(
		() => true,
		() => false,
	);
const able = process.getuid?.() === 0 && (await has('dockerd')) && (await has('unshare'));

let engine: SecondEngine;

// It loads 600 MB into an engine of its own: not with every `npm test`.
const restarts = test.skipIf(!process.env['SOAK'] || !able);

beforeAll(async () => {
	if (!process.env['SOAK'] || !able) return;
	engine = await SecondEngine.start();
	await engine.load(testImages().image);
	// It has none of ours.
	delete process.env['IMAGES_VOLUME'];
}, TIME);
afterAll(() => engine?.[Symbol.asyncDispose](), TIME);

restarts.each(['SIGTERM', 'SIGKILL'] as const)(
	'an engine that ends by %s and begins again costs no work',
	{ timeout: TIME },
	async (signal) => {
		await using world = await World.create(1, () => ({ DOCKER_HOST: engine.host }), engine.socket);
		await world.warm();
		const request = await world.workspace();
		await world.started(request);
		using editor = await world.editor(request);
		const { doc } = editor.room;
		const type = (path: string) =>
			doc.transact(() => createFile(doc, { kind: 'text', path, mode: 0o644, text: path }));
		const onDisk = (path: string) =>
			until(
				path,
				async () => (await world.sh(request.workspace, `cat ${path} 2> /dev/null`)) === path,
				60_000,
			);
		type('before');
		await onDisk('before');
		await world.sh(request.workspace, 'echo -n shell > from-shell');
		await until('the shell’s file', () => liveFiles(doc).some(({ path }) => path === 'from-shell'));

		await engine.end(signal);
		type('meanwhile');
		await engine.begin();

		const state = await until(
			'it is known to be gone',
			async () => {
				const path = `/sessions/${request.workspace}`;
				const view = await world.runner.json<Session>('GET', path);
				return view.state.status === 'gone' && view.state;
			},
			60_000,
		);
		expect(state).toMatchObject({ reason: 'lost' });
		await world.started(request);
		await onDisk('meanwhile');
		expect(await world.sh(request.workspace, 'cat before from-shell')).toBe('beforeshell');
		await world.warm();
		await world.endsClean(request);
	},
);
