// An engine that is reached as one on another machine is: over TCP, TLS or ssh a sandbox starts, its
// terminal answers and files go both ways; a tunnel that breaks comes back and leaves nothing.

import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createFile, liveFiles } from '@containrlab/protocol/workspace-doc.ts';
import { expect, test } from 'vitest';
import { overSsh, overTcp, overTls, type Way } from './remote-testing.ts';
import { World } from '../faults-testing.ts';
import { until } from '../sandboxes/testing.ts';

type Workspace = Awaited<ReturnType<Remote['workspace']>>;
type Open = (socket: string, directory: string) => Promise<Way>;

/** A runnerd that knows no other way to the engine, and keeps what it must not leave in `tmp`. */
class Remote implements AsyncDisposable {
	readonly world: World;
	readonly way: Way;

	private constructor(world: World, way: Way) {
		this.world = world;
		this.way = way;
	}

	static async create(open: Open): Promise<Remote> {
		let way: Way | undefined;
		const world = await World.create(0, async (socket, directory) => {
			await mkdir(join(directory, 'tmp'));
			way = await open(socket, directory);
			return { ...way.variables, TMPDIR: join(directory, 'tmp') };
		});
		return new Remote(world, way!);
	}

	async workspace() {
		const { world } = this;
		const request = await world.workspace();
		await world.started(request);
		const browser = await world.runner.terminal(request.workspace);
		await browser.until(() => browser.snapshots > 0);
		return { request, browser };
	}

	/** Files go both ways, and the terminal answers. */
	async works({ request, browser }: Workspace, round = 1): Promise<void> {
		const { world } = this;
		using editor = await world.editor(request);
		const { doc } = editor.room;
		const [up, down] = [`up${round}`, `down${round}`];
		const typed = `typed ${round}\n`;
		doc.transact(() => createFile(doc, { kind: 'text', path: up, mode: 0o644, text: typed }));
		// What is typed into a connection that has just broken is lost: files say that it stands.
		const there = `cat ${up} 2> /dev/null`;
		await until(up, async () => (await world.sh(request.workspace, there)) === typed, 60_000);
		browser.type(`cat ${up}; docker ps -q | wc -l; echo shell > ${down}\r`);
		await browser.until(() => browser.text().includes(`\n${typed}0\n`));
		const text = () =>
			liveFiles(doc)
				.find(({ path }) => path === down)
				?.text?.toString();
		await until(down, () => text() === 'shell\n');
	}

	left = () => readdir(join(this.world.instance.directory, 'tmp'));

	async [Symbol.asyncDispose](): Promise<void> {
		await this.world[Symbol.asyncDispose]();
		await this.way[Symbol.asyncDispose]();
	}
}

test.each<[string, Open]>([
	['TCP', overTcp],
	['TLS with certificates of both sides', overTls],
])('an engine over %s serves a workspace', { timeout: 120_000 }, async (_name, open) => {
	await using remote = await Remote.create(open);
	const workspace = await remote.workspace();
	await remote.works(workspace);
	await remote.world.endsClean(workspace.request);
});

test('an engine over ssh serves a workspace, and again when the connection was cut', async () => {
	await using remote = await Remote.create(overSsh);
	const { world } = remote;
	const workspace = await remote.workspace();
	await remote.works(workspace);
	remote.way.cut();
	await remote.works(workspace, 2);
	await world.endsClean(workspace.request);
	// The tunnel's socket is in a directory of its own: the next launch removes a killed one's.
	await world.runner.end('SIGKILL');
	expect(await remote.left()).toHaveLength(1);
	await world.launch();
	expect(await remote.left()).toHaveLength(1);
	await world.runner.end('SIGTERM');
	expect(await remote.left()).toEqual([]);
}, 120_000);
