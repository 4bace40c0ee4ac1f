// The engine stops answering and comes back: said in words, and repaired without anybody's doing.

import { once } from 'node:events';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newId } from '@containrlab/protocol/id.ts';
import { Engine } from './engine.ts';
import {
	DOCKER_SOCKET,
	TestInstance,
	ready,
	sh,
	startRequest,
	until,
} from '../sandboxes/testing.ts';

/** A way to the engine that can be cut. */
class Cable {
	#sockets = new Set<Socket>();
	#server: Server | undefined;
	readonly path: string;

	constructor(path: string) {
		this.path = path;
	}

	async plug(): Promise<void> {
		this.#server = createServer((near) => {
			const far = connect(DOCKER_SOCKET);
			for (const socket of [near, far]) {
				this.#sockets.add(socket);
				socket.on('error', () => {});
				socket.on('close', () => (near.destroy(), far.destroy(), this.#sockets.delete(socket)));
			}
			near.pipe(far).pipe(near);
		}).listen(this.path);
		await once(this.#server, 'listening');
	}

	async cut(): Promise<void> {
		const closed = once(this.#server!, 'close');
		this.#server!.close();
		for (const socket of this.#sockets) socket.destroy();
		await closed;
	}
}

test('an engine that goes away and comes back costs no sandbox', async () => {
	await using instance = await TestInstance.create();
	const cable = new Cable(join(instance.directory, 'docker.sock'));
	await cable.plug();
	const engine = new Engine({ socketPath: cable.path }, instance.name);
	const sandboxes = await instance.launch(0, engine);
	const [workspace, late] = [newId(), newId()];
	sandboxes.start(startRequest(workspace));
	const box = await ready(sandboxes, workspace);
	await cable.cut();
	await expect(box.exec(['true'], { timeoutMs: 1000 })).rejects.toMatchObject({
		code: 'engine-unreachable',
	});
	const told = await until('it is said', () => {
		const { state } = sandboxes.view(workspace)!;
		return state.status === 'failed' && state;
	});
	expect(told).toMatchObject({ reason: 'engine-unreachable' });
	sandboxes.start(startRequest(late));
	await until('a start meanwhile fails', () => sandboxes.view(late)!.state.status === 'failed');
	await cable.plug();
	await until('it is back', () => sandboxes.view(workspace)!.state.status === 'ready');
	expect(sandboxes.get(workspace)!.id).toBe(box.id);
	expect(await sh(sandboxes.get(workspace)!, 'echo alive')).toBe('alive');
	sandboxes.start(startRequest(late));
	await ready(sandboxes, late);
	await sandboxes.close();
	await cable.cut();
}, 90_000);

test('an engine that restarts takes the sandboxes with it, never the work; a judge waits for it', async () => {
	await using instance = await TestInstance.create();
	const cable = new Cable(join(instance.directory, 'docker.sock'));
	await cable.plug();
	const sandboxes = await instance.launch(0, new Engine({ socketPath: cable.path }, instance.name));
	const workspace = newId();
	sandboxes.start(startRequest(workspace));
	const box = await ready(sandboxes, workspace);
	await sh(box, 'echo work > notes');
	await cable.cut();
	await instance.engine.stopContainer(box.id, 0);
	const judged = sandboxes.acquire('judge', { signal: AbortSignal.timeout(60_000) });
	await until('it is said', () => sandboxes.view(workspace)!.state.status === 'failed');
	await cable.plug();
	const { state } = await until('it is known to be gone', () => {
		const view = sandboxes.view(workspace)!;
		return view.state.status === 'gone' && view;
	});
	expect(state).toMatchObject({ reason: 'lost' });
	sandboxes.start(startRequest(workspace));
	expect(await sh(await ready(sandboxes, workspace), 'cat notes')).toBe('work');
	await using judge = await judged;
	expect(await sh(judge, 'echo judged')).toBe('judged');
	await judge[Symbol.asyncDispose]();
	await sandboxes.close();
	await cable.cut();
}, 90_000);
