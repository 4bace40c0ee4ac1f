// The README is true: its example runs, keeps what it acknowledged through a kill -9, and its tables name
// every close code.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { testDatabase, type TestDatabase } from '@containrlab/db/testing.ts';
import { CLOSE } from '@containrlab/protocol/sync.ts';
import { until } from './testing.ts';

let database: TestDatabase;
beforeAll(async () => {
	database = await testDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

async function start(env: Record<string, string>) {
	const child = spawn(process.execPath, [here('./example.ts')], {
		env: { PATH: process.env['PATH'], PORT: '0', SYNC_TOKEN: 'metrics-please', ...env },
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	onTestFinished(() => void child.kill('SIGKILL'));
	let errors = '';
	child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
	const ended = once(child, 'exit').then(() => Promise.reject(new Error(errors)));
	const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), ended])) as [
		string,
	];
	ended.catch(() => {});
	return { child, url: line.replace('ready ', '') };
}

function client(url: string, room: string, params: Record<string, string>) {
	const doc = new Y.Doc();
	const provider = new WebsocketProvider(url.replace('http', 'ws'), room, doc, {
		params,
		disableBc: true,
		WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
	});
	onTestFinished(() => provider.destroy());
	return { provider, text: doc.getText('text') };
}

test.each(['memory', 'Postgres'])('the example serves stock clients out of %s', async (store) => {
	const env = store === 'Postgres' ? { DATABASE_URL: database.url } : undefined;
	const first = await start({ ...env });
	const anna = client(first.url, 'any room at all', { name: 'Anna' });
	const ben = client(first.url, 'any room at all', { name: 'Ben' });
	anna.text.insert(0, 'no ticket needed');
	await until('ben has it', () => ben.text.toString() === 'no ticket needed');
	for (const { provider } of [anna, ben]) provider.awareness.setLocalStateField('cursor', 1);
	await until('they see each other', () => ben.provider.awareness.getStates().size === 2);
	const nobody = client(first.url, 'any room at all', {});
	const code = await new Promise((resolve) =>
		nobody.provider.on('closed', (event) => resolve(event.code)),
	);
	expect(code).toBe(CLOSE.unauthorized.code);
	const authorization = 'Bearer metrics-please';
	const metrics = async () =>
		(await fetch(`${first.url}/metrics`, { headers: { authorization } })).text();
	await until('stored', async () => (await metrics()).includes('sync_unsaved_bytes 0'));
	if (!env) return;
	for (const { provider } of [anna, ben]) provider.destroy();
	first.child.kill('SIGKILL');
	const second = await start(env);
	const late = client(second.url, 'any room at all', { name: 'Carla' });
	await until('it is still there', () => late.text.toString() === 'no ticket needed');
	second.child.kill('SIGTERM');
	expect(await once(second.child, 'exit')).toEqual([0, null]);
});

test('the README shows the example as it is, and each close code', async () => {
	const readme = await readFile(here('./README.md'), 'utf8');
	expect(readme).toContain(await readFile(here('./example.ts'), 'utf8'));
	for (const { code, reason } of Object.values(CLOSE)) {
		expect(readme).toMatch(new RegExp(`\\| ${code} +\\| \`${reason}\` `));
	}
});
