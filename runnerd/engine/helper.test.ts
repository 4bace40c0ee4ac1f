// A program of ours beside the engine hears what it is told, and nothing else.

import { once } from 'node:events';
import { createServer, connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { DOCKER_SOCKET, TestInstance, testImages } from '../sandboxes/testing.ts';
import { Engine } from './engine.ts';

/** Between a request's head and what follows it, as on a way with a busy machine on it (ms). */
const GAP_MS = 100;
const END = '\r\n\r\n';

/** A way to the engine on which what follows a head comes later than that. */
async function haltingWay(path: string): Promise<AsyncDisposable> {
	const server = createServer((near) => {
		const far = connect(DOCKER_SOCKET);
		for (const socket of [near, far]) socket.on('error', () => {});
		near.on('close', () => far.destroy());
		far.pipe(near);
		void (async () => {
			for await (const data of near as AsyncIterable<Buffer>) {
				const end = data.includes(END) ? data.indexOf(END) + END.length : data.length;
				far.write(data.subarray(0, end));
				if (end < data.length) await sleep(GAP_MS);
				far.write(data.subarray(end));
			}
			far.end();
		})().catch(() => far.destroy());
	}).listen(path);
	await once(server, 'listening');
	return { [Symbol.asyncDispose]: async () => void server.close() };
}

test('a helper hears what it is told and nothing before, however slow the way to it is', async () => {
	await using instance = await TestInstance.create();
	const socketPath = join(instance.directory, 'engine.sock');
	await using _way = await haltingWay(socketPath);
	const engine = new Engine({ socketPath }, instance.name);
	const stream = await engine.openHelper(testImages().image, ['cat']);
	stream.write('told\n');
	const [heard] = (await once(stream, 'data')) as [Buffer];
	expect(heard.toString()).toBe('told\n');
	stream.destroy();
});
