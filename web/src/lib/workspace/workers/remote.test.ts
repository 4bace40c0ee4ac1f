import { Worker } from 'node:worker_threads';
import { afterEach, expect, it } from 'vitest';
import { Remote, type WorkerLike } from './remote.ts';

type Methods = { echo: (text: string) => string; hang: () => void; fail: () => void };

const SOURCE = `
const { parentPort } = require('node:worker_threads');
const methods = { echo: (text) => text, hang: () => { for (;;); }, fail: () => { throw new Error('no'); } };
parentPort.on('message', ({ id, method, args }) => {
	try { parentPort.postMessage({ id, value: methods[method](...args) }); }
	catch (error) { parentPort.postMessage({ id, error: String(error) }); }
});`;

let made = 0;
function make(): WorkerLike {
	made += 1;
	const worker = new Worker(SOURCE, { eval: true });
	const like: WorkerLike = {
		postMessage: (message) => worker.postMessage(message),
		terminate: () => void worker.terminate(),
		onmessage: null,
		onerror: null,
	};
	worker.on('message', (data) => like.onmessage?.({ data } as MessageEvent));
	return like;
}

const remote = new Remote<Methods>(make);
afterEach(() => {
	remote.close();
	made = 0;
});

it('answers calls, and says what broke', async () => {
	expect(await remote.call('echo', ['hello'], 20_000)).toBe('hello');
	await expect(remote.call('fail', [], 20_000)).rejects.toMatchObject({ reason: 'broke' });
	expect(made).toBe(1);
});

it('ends a worker that hangs, lets go of all who wait, and goes on with a new one', async () => {
	const hanging = remote.call('hang', [], 100);
	const behind = remote.call('echo', ['behind'], 20_000);
	await expect(hanging).rejects.toMatchObject({ reason: 'too-slow' });
	await expect(behind).rejects.toMatchObject({ reason: 'too-slow' });
	expect(await remote.call('echo', ['again'], 20_000)).toBe('again');
	expect(made).toBe(2);
});
