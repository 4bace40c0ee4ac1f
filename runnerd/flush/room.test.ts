// The room as sync really serves it: the ticket gets in, the durable count tells the truth, and
// the flush goes on without it and catches up.

import { once } from 'node:events';
import { appendFile, readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { MESSAGE, SYNC_STEP } from '@containrlab/protocol/sync.ts';
import { TICKET_HEADER } from '@containrlab/protocol/ticket.ts';
import { createFile, liveFiles } from '@containrlab/protocol/workspace-doc.ts';
import { AgentClient } from '../agent/client.ts';
import { testAgent } from '../agent/testing.ts';
import { Flush } from './flush.ts';
import { SyncRoom } from './room.ts';
import { TestSync } from './sync-testing.ts';
import { until } from './testing.ts';

const STARTER = [{ kind: 'text', path: 'f', mode: 0o644, text: 'one\n' }] as const;

async function joined(sync: TestSync): Promise<SyncRoom> {
	const room = await sync.join();
	onTestFinished(() => room.close());
	return room;
}

test('a peer is complete when ready, and durable when sync stored what it sent', async () => {
	await using sync = await TestSync.create(STARTER);
	const room = await joined(sync);
	await room.ready;
	const [file] = liveFiles(room.doc);
	expect(file!.text!.toString()).toBe('one\n');
	const rows = sync.storage.rows(sync.room).length;
	room.doc.transact(() => file!.text!.insert(4, 'two\n'));
	await room.durable();
	expect(sync.storage.rows(sync.room).length).toBeGreaterThan(rows);
});

test('a count that comes before the document is complete is enough', async () => {
	const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
	onTestFinished(() => void server.close());
	await once(server, 'listening');
	const state = [1, 0];
	const nothing = [2, 0, 0];
	server.on('connection', (socket) => {
		socket.on('message', (data: Buffer) => {
			if (data[0] !== MESSAGE.sync || data[1] !== SYNC_STEP.step2) return;
			socket.send(Uint8Array.of(MESSAGE.durable, 1));
			socket.send(Uint8Array.of(MESSAGE.sync, SYNC_STEP.step2, ...nothing));
		});
		socket.send(Uint8Array.of(MESSAGE.sync, SYNC_STEP.step1, ...state));
	});
	const { port } = server.address() as AddressInfo;
	const room = new SyncRoom({ url: `ws://127.0.0.1:${port}`, room: 'r', ticket: '' });
	onTestFinished(() => room.close());
	await room.durable();
});

test('a new ticket goes out on the open connection, and with the next one', async () => {
	const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
	onTestFinished(() => void server.close());
	await once(server, 'listening');
	const { port } = server.address() as AddressInfo;
	const connected = once(server, 'connection') as Promise<[WebSocket, IncomingMessage]>;
	const room = new SyncRoom({ url: `ws://127.0.0.1:${port}`, room: 'r', ticket: 'first' });
	onTestFinished(() => room.close());
	const [socket, request] = await connected;
	expect(request.headers[TICKET_HEADER]).toBe('first');
	const renewed = new Promise<string>((resolve) =>
		socket.on('message', (data: Buffer) => {
			if (data[0] === MESSAGE.ticket) resolve(data.subarray(2).toString());
		}),
	);
	// It knows that it is connected once it has spoken.
	await once(socket, 'message');
	room.renew('second');
	expect(await renewed).toBe('second');
	const again = once(server, 'connection') as Promise<[WebSocket, IncomingMessage]>;
	socket.terminate();
	expect((await again)[1].headers[TICKET_HEADER]).toBe('second');
});

test('the shell and an editor meet through sync, which goes away and comes back', async () => {
	await using sync = await TestSync.create(STARTER);
	const editor = await joined(sync);
	await editor.ready;
	await using agent = await testAgent();
	const logs: string[] = [];
	const flush = new Flush(await joined(sync), {
		warning: () => {},
		blob: () => {},
		missingBlobs: () => {},
		activity: () => {},
		log: (message) => logs.push(message),
	});
	onTestFinished(() => flush.close());
	await flush.attach(new AgentClient(await agent.open()));
	await flush.drain();
	const path = join(agent.root, 'f');
	expect(await readFile(path, 'utf8')).toBe('one\n');
	const text = liveFiles(editor.doc)[0]!.text!;

	let began = performance.now();
	text.insert(0, 'typed\n');
	await until(async () => (await readFile(path, 'utf8')) === 'typed\none\n');
	console.info(`keystroke → file: ${Math.round(performance.now() - began)} ms`);
	began = performance.now();
	await appendFile(path, 'shell\n');
	await until(() => text.toString() === 'typed\none\nshell\n');
	console.info(`file → editor: ${Math.round(performance.now() - began)} ms`);

	await sync.stop();
	await appendFile(path, 'offline\n');
	editor.doc.transact(() =>
		createFile(editor.doc, { kind: 'text', path: 'g', mode: 0o644, text: '' }),
	);
	text.insert(0, 'alone\n');
	await sync.start();
	const both = 'alone\ntyped\none\nshell\noffline\n';
	await until(
		async () => text.toString() === both && (await readFile(path, 'utf8')) === both,
		15_000,
	);
	await flush.drain();
	expect(await readFile(join(agent.root, 'g'), 'utf8')).toBe('');
	expect(logs).toEqual([]);
});
