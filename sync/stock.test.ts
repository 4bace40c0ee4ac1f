// Clients that know nothing of us: y-websocket of every major version, as its applications use it.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { removeAwarenessStates } from 'y-protocols/awareness';
import { WebsocketProvider } from 'y-websocket';
import { newId, workspaceRoom } from '@containrlab/protocol/id.ts';
import { CLOSE } from '@containrlab/protocol/sync.ts';
import type { Ticket } from '@containrlab/protocol/ticket.ts';
import { silentLogger } from './logger.ts';
import { MemoryStorage } from './memory-storage.ts';
import { SyncServer } from './server.ts';
import { stockClient, ticketFor, ticketKeys, TOKEN, until, type StockClient } from './testing.ts';

type Provider = typeof WebsocketProvider;

/** Their packages hide their types from `import`. */
async function providerOf(name: string): Promise<Provider> {
	return ((await import(name)) as { WebsocketProvider: Provider }).WebsocketProvider;
}

const storage = new MemoryStorage();
let keys: CryptoKeyPair;
let server: SyncServer;
let url: string;
let room: string;

const start = async (port = 0) => {
	server = new SyncServer({
		...{ storage, ticketPublicKey: keys.publicKey, token: TOKEN, logger: silentLogger },
	});
	({ url } = await server.listen(port, '127.0.0.1'));
};

beforeAll(async () => {
	keys = await ticketKeys();
	await start();
});
afterAll(() => server.close());

beforeEach(() => {
	room = workspaceRoom(newId());
	storage.create(room);
	vi.spyOn(console, 'error').mockImplementation(() => {});
	vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

const said = () => [...vi.mocked(console.error).mock.calls, ...vi.mocked(console.warn).mock.calls];

const nameOf = (client: StockClient, of: StockClient) =>
	(client.provider.awareness.getStates().get(of.doc.clientID)?.['user'] as { name?: string })?.name;

describe.each([
	['1.5', 'y-websocket-1'],
	['2.1', 'y-websocket-2'],
	['3.0', 'y-websocket-3'],
	['3.1', 'y-websocket'],
])('y-websocket %s', (_, module) => {
	let Provider: Provider;
	beforeAll(async () => {
		Provider = await providerOf(module);
	});
	const client = (
		id: string,
		changes: Partial<Ticket> = {},
		options: { tabs?: boolean; room?: string } = {},
	) =>
		stockClient({
			...{ url, privateKey: keys.privateKey, ack: false, Provider, ...options },
			ticket: ticketFor(room, { user: { id, name: id, role: 'student' }, ...changes }),
		});

	test('converges, sees who is there, and has nothing to print', async () => {
		using anna = await client('anna');
		using ben = await client('ben');
		anna.text.insert(0, 'hello world');
		await until('ben reads it', () => ben.text.toString() === 'hello world');
		ben.text.delete(0, 6);
		anna.provider.awareness.setLocalStateField('cursor', 3);
		ben.provider.awareness.setLocalStateField('cursor', 5);
		await until('anna reads it', () => anna.text.toString() === 'world');
		await until('each sees the other', () => nameOf(anna, ben) === 'ben');
		await until('each sees the other', () => nameOf(ben, anna) === 'anna');
		anna.provider.disconnect();
		await until('ben sees her leave', () => nameOf(ben, anna) === undefined);
		expect(said()).toEqual([]);
	});

	test('goes on offline, comes back by itself, and merges', async () => {
		using anna = await client('anna');
		using ben = await client('ben');
		anna.text.insert(0, 'both: ');
		await until('shared', () => ben.text.toString() === 'both: ');
		const port = Number(new URL(url).port);
		await server.close();
		await until('cut', () => !anna.provider.wsconnected && !ben.provider.wsconnected);
		anna.text.insert(6, 'anna ');
		ben.text.insert(6, 'ben ');
		ben.text.delete(0, 2);
		await start(port);
		await until('merged', () => anna.text.length === 'both: anna ben '.length - 2);
		await until('alike', () => ben.text.toString() === anna.text.toString());
		expect(anna.text.toString()).toMatch(/^th: (anna ben |ben anna )$/);
		// Its peers know the clock of its old state, and pass over that.
		anna.provider.awareness.setLocalStateField('cursor', 1);
		await until('ben sees anna', () => nameOf(ben, anna) === 'anna');
		expect(said()).toEqual([]);
	});

	test('in five tabs of one browser, of which one is closed', async () => {
		const tabs = await Promise.all(
			Array.from({ length: 5 }, () => client('anna', {}, { tabs: true })),
		);
		await until('all are in', () => tabs.every(({ provider }) => provider.synced));
		for (const [n, tab] of tabs.entries()) {
			tab.text.insert(0, `${n}`);
			tab.provider.awareness.setLocalStateField('tab', n);
		}
		await until('alike', () => tabs.every(({ text }) => text.length === 5));
		expect(new Set(tabs.map(({ text }) => text.toString())).size).toBe(1);
		tabs.pop()![Symbol.dispose]();
		const loaded = (await server.rooms.loaded(room))!;
		await until('it is gone', () => loaded.awareness.all().length === 4);
		await until('all see that', () =>
			tabs.every(({ provider }) => provider.awareness.getStates().size === 4),
		);
		tabs[0]!.text.insert(0, '!');
		await until('the others go on', () => tabs.every(({ text }) => text.length === 6));
		// They heard of it from each other, the server soon after.
		await until('the server has it', () => loaded.doc.getText('text').length === 6);
		for (const tab of tabs) tab[Symbol.dispose]();
		expect(said()).toEqual([]);
	});

	test('asleep for long, it erases nobody’s cursor but its own', async () => {
		using sleeper = await client('sleeper');
		using anna = await client('anna');
		using ben = await client('ben');
		for (const { provider } of [sleeper, anna, ben]) {
			provider.awareness.setLocalStateField('cursor', 1);
		}
		await until('all there', () => nameOf(ben, sleeper) === 'sleeper');
		await until('all there', () => nameOf(ben, anna) === 'anna');
		await until('all there', () => nameOf(sleeper, anna) === 'anna');
		// What its timer does after 30 s without news: it tells everyone that all others are gone.
		removeAwarenessStates(sleeper.provider.awareness, [anna.doc.clientID], 'timeout');
		sleeper.provider.awareness.setLocalStateField('cursor', 9);
		const cursor = () => ben.provider.awareness.getStates().get(sleeper.doc.clientID)?.['cursor'];
		await until('ben hears of its cursor', () => cursor() === 9);
		expect(nameOf(ben, anna)).toBe('anna');
		expect(said()).toEqual([]);
	});

	test('is refused in its own words, and doesn’t hammer on the door', async () => {
		let closes = 0;
		const codes = new Set<number>();
		using mallory = await client('mallory', { resource: 'workspace:somewhereelse' }, { room });
		mallory.provider.on('connection-close', (event) => {
			closes += 1;
			if (event) codes.add(event.code);
		});
		await until('told', () => said().length > 0);
		expect(String(said()[0])).toContain(CLOSE.unauthorized.reason);
		await new Promise((resolve) => setTimeout(resolve, 1000));
		expect([...codes]).toEqual([CLOSE.unauthorized.code]);
		expect(closes).toBeLessThan(6);
	});
});
