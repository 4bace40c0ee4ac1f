// The API's edge: who is let in, what is refused in which words, and the stream of events.

import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RunnerEventLine } from '@containrlab/protocol/events.ts';
import { newId } from '@containrlab/protocol/id.ts';
import { ServiceError } from '@containrlab/protocol/sandbox.ts';
import { RunnerProcess } from '../process-testing.ts';
import { TestInstance, startRequest } from '../sandboxes/testing.ts';

let instance: TestInstance;
let runner: RunnerProcess;
beforeAll(async () => {
	instance = await TestInstance.create();
	runner = await RunnerProcess.launch(instance, 0);
});
afterAll(async () => {
	await runner[Symbol.asyncDispose]();
	await instance[Symbol.asyncDispose]();
});

async function refusal(answer: Promise<Response>): Promise<[number, string]> {
	const response = await answer;
	return [response.status, ServiceError.parse(await response.json()).error.code];
}

test('health is for anyone, everything else for the service credential', async () => {
	expect(await (await fetch(`${runner.url}/health`)).json()).toMatchObject({
		engine: true,
		image: true,
	});
	for (const path of ['/sessions', '/events', `/judge-runs/${newId()}/1`, '/whatever']) {
		expect(await refusal(fetch(runner.url + path))).toEqual([401, 'unauthorized']);
		expect(await refusal(runner.fetch('GET', path, undefined, 'wrong'))).toEqual([
			401,
			'unauthorized',
		]);
	}
});

test('refusals are coded', async () => {
	const unknown = `/sessions/${newId()}`;
	const refused: [string, string, unknown, number, string][] = [
		['GET', unknown, undefined, 404, 'unknown-session'],
		['POST', `${unknown}/exec`, { command: ['id'] }, 404, 'unknown-session'],
		['POST', `${unknown}/drain`, undefined, 404, 'unknown-session'],
		['POST', '/sessions', '{"workspace":', 400, 'malformed'],
		['POST', '/sessions', { workspace: '../../etc' }, 400, 'malformed'],
		['GET', '/sessions/..%2f..', undefined, 400, 'malformed'],
		['POST', '/sessions', 'x'.repeat(70_000), 413, 'too-large'],
		['PUT', '/in-session', { classes: [{ class: newId() }] }, 400, 'malformed'],
		['POST', '/in-session', { classes: [] }, 404, 'unknown-route'],
		['PUT', `/class-limits/${newId()}`, { memory: 1 }, 400, 'malformed'],
		['PATCH', '/sessions', undefined, 404, 'unknown-route'],
		['GET', '/nothing', undefined, 404, 'unknown-route'],
	];
	for (const [method, path, body, status, code] of refused) {
		expect(await refusal(runner.fetch(method, path, body)), `${method} ${path}`).toEqual([
			status,
			code,
		]);
	}
});

test('requests that no client sends end nothing but themselves', async () => {
	const { hostname, port } = new URL(runner.url);
	const lines = ['GET // HTTP/1.1', 'GET http://[ HTTP/1.1', 'GET /terminal/%zz/1 HTTP/1.1'];
	for (const line of lines) {
		for (const upgrade of ['', 'Connection: Upgrade\r\nUpgrade: websocket\r\n']) {
			const socket = connect(Number(port), hostname);
			socket.write(`${line}\r\nHost: runnerd\r\n${upgrade}\r\n`);
			await Promise.race([once(socket, 'data'), once(socket, 'close')]);
			socket.resetAndDestroy();
		}
	}
	expect((await fetch(`${runner.url}/health`)).status).toBe(200);
});

/** Reads events until one is `enough`. */
async function read(query: string, enough: (line: RunnerEventLine) => boolean) {
	const response = await runner.fetch('GET', `/events?${query}`);
	const lines: RunnerEventLine[] = [];
	let rest = '';
	for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
		const complete = (rest + text).split('\n');
		rest = complete.pop()!;
		for (const line of complete) {
			lines.push(RunnerEventLine.parse(JSON.parse(line)));
			if (enough(lines.at(-1)!)) return lines;
		}
	}
	throw new Error('the stream ended');
}

const is = (want: string, workspace: string) => (line: RunnerEventLine) => {
	if (line.line !== 'event' || line.event.type !== 'sandbox') return false;
	const { state } = line.event;
	const now = state.status === 'starting' ? state.phase : state.status;
	return line.event.workspace === workspace && now === want;
};

test('events resume after the last one seen; another launch begins anew', async () => {
	const workspace = newId();
	await runner.fetch('POST', '/sessions', startRequest(workspace));
	const first = await read('', is('ready', workspace));
	const hello = first[0]!;
	if (hello.line !== 'hello') throw new Error('the first line is a hello');
	const seen = first.flatMap((line) => (line.line === 'event' ? [line.seq] : []));
	expect(seen).toEqual(seen.map((_, index) => index + 1));
	await runner.fetch('DELETE', `/sessions/${workspace}`);
	const rest = await read(`launch=${hello.launch}&after=${seen.at(-1)}`, is('gone', workspace));
	expect(rest[0]).toMatchObject({ line: 'hello', launch: hello.launch, from: seen.length + 1 });
	expect(rest.flatMap((line) => (line.line === 'event' ? [line.seq] : []))[0]).toBe(
		seen.length + 1,
	);
	const stranger = await read('launch=another&after=7', (line) => line.line === 'event');
	expect(stranger[0]).toMatchObject({
		from: 1,
		sessions: [{ workspace, state: { status: 'gone' } }],
	});
});

test('who prints without end is told so, in a container and in a terminal', async () => {
	const workspace = newId();
	await runner.fetch('POST', '/sessions', startRequest(workspace));
	await read('', is('files', workspace));
	const browser = await runner.terminal(workspace);
	await browser.until(() => browser.snapshots > 0);
	browser.type('docker run -d python:3.13-slim yes && yes\r');
	const told = new Set<string>();
	await read('', (line) => {
		if (line.line === 'event' && line.event.type === 'warning') told.add(line.event.code);
		return told.has('logs-flood') && told.has('terminal-flood');
	});
	browser.socket.terminate();
	await runner.fetch('DELETE', `/sessions/${workspace}`);
}, 120_000);
