// The room as sync really serves it: the ticket gets in, the durable count tells the truth, and
// the flush goes on without it and catches up.

import { onTestFinished, expect, test } from 'vitest';
import { newId, workspaceRoom } from '@containrlab/protocol/id.ts';
import { signTicket } from '@containrlab/protocol/ticket.ts';
import { createFile, liveFiles, starterUpdate } from '@containrlab/protocol/workspace-doc.ts';
/* eslint-disable no-restricted-imports -- runnerd never imports sync; its test meets the real one. */
import { silentLogger } from '../../sync/logger.ts';
import { MemoryStorage } from '../../sync/memory-storage.ts';
import { SyncServer } from '../../sync/server.ts';
/* eslint-enable no-restricted-imports */
import { AgentClient } from '../agent/client.ts';
import { testAgent } from '../agent/testing.ts';
import { Flush } from './flush.ts';
import { SyncRoom } from './room.ts';
import { until } from './testing.ts';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';

async function syncServer() {
	const keys = (await crypto.subtle.generateKey('Ed25519', true, [
		'sign',
		'verify',
	])) as CryptoKeyPair;
	const storage = new MemoryStorage();
	const make = () =>
		new SyncServer({
			storage,
			ticketPublicKey: keys.publicKey,
			token: 'token',
			logger: silentLogger,
		});
	let server = make();
	const { url } = await server.listen(0, '127.0.0.1');
	onTestFinished(() => server.close());
	const room = workspaceRoom(newId());
	const starter = starterUpdate([{ kind: 'text', path: 'f', mode: 0o644, text: 'one\n' }]);
	storage.create(room, { userId: 'web', update: starter });
	const iat = Math.floor(Date.now() / 1000);
	const user = { id: 'shell:anna', name: 'Anna', role: 'service' } as const;
	const claims = {
		aud: 'sync',
		user,
		resource: room,
		access: 'write',
		iat,
		exp: iat + 600,
	} as const;
	return {
		storage,
		room,
		async join(resource = room): Promise<SyncRoom> {
			const ticket = await signTicket(keys.privateKey, { ...claims, resource, jti: newId() });
			const joined = new SyncRoom({ url: url.replace('http', 'ws'), room, ticket });
			onTestFinished(() => joined.close());
			return joined;
		},
		stop: () => server.close(),
		async start(): Promise<void> {
			server = make();
			await server.listen(Number(new URL(url).port), '127.0.0.1');
		},
	};
}

test('a peer is complete when ready, and durable when sync stored what it sent', async () => {
	const sync = await syncServer();
	const room = await sync.join();
	await room.ready;
	const [file] = liveFiles(room.doc);
	expect(file!.text!.toString()).toBe('one\n');
	const rows = sync.storage.rows(sync.room).length;
	room.doc.transact(() => file!.text!.insert(4, 'two\n'));
	await room.durable();
	expect(sync.storage.rows(sync.room).length).toBeGreaterThan(rows);
});

test('the shell and an editor meet through sync, which goes away and comes back', async () => {
	const sync = await syncServer();
	const editor = await sync.join();
	await editor.ready;
	await using agent = await testAgent();
	const logs: string[] = [];
	const flush = new Flush(await sync.join(), {
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
