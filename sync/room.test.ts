// Rooms without sockets, against the store in memory and the one in Postgres.

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { testDatabase, type TestDatabase } from '@containrlab/db/testing.ts';
import { newId, workspaceRoom } from '@containrlab/protocol/id.ts';
import type { Ticket } from '@containrlab/protocol/ticket.ts';
import { silentLogger } from './logger.ts';
import { MemoryStorage } from './memory-storage.ts';
import { PostgresStorage } from './postgres-storage.ts';
import type { Close, Member, Peer } from './member.ts';
import type { LogBounds } from './log-size.ts';
import type { Room } from './room.ts';
import { Rooms } from './rooms.ts';
import { StorageUnavailable, type Storage } from './storage.ts';
import { createRoom, quadraticUpdate, ticketFor, until } from './testing.ts';
import * as wire from './wire.ts';

interface Kind {
	storage(): Storage;
	create(starter?: Uint8Array): Promise<string>;
	remove(room: string): Promise<void>;
	/** Makes a row unreadable, or the snapshots from one on. */
	damage(room: string, seq: number): Promise<void>;
	damageSnapshots(room: string, from: number): Promise<void>;
	/** Takes rows away, as no program of ours does. */
	tear(room: string, from: number, to: number): Promise<void>;
}

let database: TestDatabase;
beforeAll(async () => {
	database = await testDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const memory = new MemoryStorage();
const kinds: Record<string, Kind> = {
	memory: {
		storage: () => memory,
		create: async (starter) => {
			const room = workspaceRoom(newId());
			memory.create(room, starter && { userId: 'system', update: starter });
			return room;
		},
		remove: async (room) => memory.delete(room),
		damage: async (room, seq) => {
			memory.rows(room)[seq - 1]!.bytes = Uint8Array.of(9, 9, 9);
		},
		damageSnapshots: async (room, from) => {
			for (const each of memory.snapshots(room)) {
				if (each.seq >= from) each.state = Uint8Array.of(9, 9, 9);
			}
		},
		tear: async (room, from, to) => {
			memory.rows(room).splice(from - 1, to - from + 1);
		},
	},
	Postgres: {
		storage: () => {
			const storage = new PostgresStorage({ url: database.url, holder: newId() });
			onTestFinished(() => storage.close());
			return storage;
		},
		create: (starter) => createRoom(database.connection.sql, starter),
		remove: async (room) => {
			await database.connection.sql`delete from doc_rooms where room = ${room}`;
		},
		damage: async (room, seq) => {
			await database.connection
				.sql`update doc_updates set bytes = '\\x090909' where room = ${room} and seq = ${seq}`;
		},
		damageSnapshots: async (room, from) => {
			await database.connection
				.sql`update doc_snapshots set state = '\\x090909' where room = ${room} and seq >= ${from}`;
		},
		tear: async (room, from, to) => {
			await database.connection
				.sql`delete from doc_updates where room = ${room} and seq between ${from} and ${to}`;
		},
	},
};

interface RoomsOptions {
	idleMs?: number;
	heldMs?: number;
	logBounds?: LogBounds;
}

class FakePeer implements Peer {
	ticket: Ticket;
	acks = true;
	sent: wire.Message[] = [];
	durable = 0;
	closed: Close | undefined;
	doc = new Y.Doc();

	constructor(ticket: Ticket) {
		this.ticket = ticket;
	}

	send(message: Uint8Array): void {
		const decoded = wire.decodeMessage(message);
		this.sent.push(decoded);
		if (decoded.type === 'update') Y.applyUpdate(this.doc, decoded.update, 'room');
	}

	acknowledge(count: number): void {
		this.durable = count;
	}

	close(close: Close): void {
		this.closed = close;
	}

	get text(): string {
		return this.doc.getText('text').toString();
	}
}

/** Joins and syncs as a stock client does. */
function join(room: Room, changes: Partial<Ticket> = {}): { peer: FakePeer; member: Member } {
	const peer = new FakePeer(ticketFor(room.name, changes));
	const member = room.join(peer);
	room.receive(member, { type: 'step1', vector: Y.encodeStateVector(peer.doc) });
	room.receive(member, { type: 'update', update: Uint8Array.of(0, 0), resync: true });
	peer.doc.on('update', (update: Uint8Array, origin: unknown) => {
		if (origin !== 'room') room.receive(member, { type: 'update', update, resync: false });
	});
	return { peer, member };
}

const starterOf = (text: string): Uint8Array => {
	const doc = new Y.Doc();
	doc.getText('text').insert(0, text);
	return Y.encodeStateAsUpdate(doc);
};

/** One struct by each of so many clients: a collected one, of length 1, the least that an id takes. */
function crowdOf(first: number, count: number): Uint8Array {
	const update = encoding.createEncoder();
	encoding.writeVarUint(update, count);
	for (let client = first + count; client > first; client -= 1) {
		for (const value of [1, client, 0]) encoding.writeVarUint(update, value);
		encoding.writeUint8(update, 0);
		encoding.writeVarUint(update, 1);
	}
	encoding.writeVarUint(update, 0);
	return encoding.toUint8Array(update);
}

describe.each(Object.entries(kinds))('with the store in %s', (_, kind) => {
	const open = async (name: string, rooms = roomsOf()) => {
		const found = await rooms.open(name);
		if (!found.ok) throw new Error(found.close.reason);
		return { ...found, rooms };
	};
	const roomsOf = (options: RoomsOptions = {}) =>
		new Rooms({ storage: kind.storage(), logger: silentLogger, ...options });
	/** Its appends fail as long as `away` says so. */
	const failing = () => {
		const storage = kind.storage();
		const state = { storage, away: true };
		const append = storage.append.bind(storage);
		storage.append = async (batch) => {
			if (state.away) throw new StorageUnavailable('away');
			return append(batch);
		};
		onTestFinished(() => void (storage.append = append));
		return state;
	};

	test('is complete before the first sync step, and one load serves all', async () => {
		const name = await kind.create(starterOf('FROM scratch'));
		const rooms = roomsOf();
		const [one, two] = await Promise.all([rooms.open(name), rooms.open(name)]);
		if (!one.ok || !two.ok) throw new Error('not loaded');
		expect(one.room).toBe(two.room);
		const { peer } = join(one.room);
		await until('synced', () => peer.text === 'FROM scratch');
		expect(peer.sent.filter(({ type }) => type === 'update')).toHaveLength(1);
	});

	test('acknowledges frames in order once stored, those that change nothing and deletes too', async () => {
		const name = await kind.create();
		const { room } = await open(name);
		const { peer, member } = join(room);
		await until('resync is durable', () => peer.durable === 1);
		peer.doc.getText('text').insert(0, 'abc');
		peer.doc.getText('text').delete(1, 1);
		room.receive(member, {
			type: 'update',
			update: Y.encodeStateAsUpdate(peer.doc),
			resync: false,
		});
		await until('four frames are durable', () => peer.durable === 4);
		const reopened = await open(name);
		expect(reopened.room.doc.getText('text').toString()).toBe('ac');
		expect(room.log.lastSeq).toBe(1);
	});

	test('says who is here once in a turn, however often one asks in it', async () => {
		const { room } = await open(await kind.create());
		const { peer, member } = join(room);
		await until('resync is durable', () => peer.durable === 1);
		const state = JSON.stringify({ big: 'x'.repeat(4000) });
		room.receive(member, { type: 'awareness', entries: [{ client: 7, clock: 1, state }] });
		for (let n = 0; n < 1000; n += 1) room.receive(member, { type: 'query-awareness' });
		room.turn();
		const told = peer.sent.filter(({ type }) => type === 'awareness');
		expect(told).toHaveLength(1);
		expect(told[0]).toMatchObject({ entries: [{ client: 7 }] });
	});

	test('takes no edit from a reader, and tells them nothing', async () => {
		const name = await kind.create(starterOf('a'));
		const { room } = await open(name);
		const { peer } = join(room, { access: 'read' });
		await until('synced', () => peer.text === 'a');
		peer.doc.getText('text').insert(0, 'spoof');
		await room.settled();
		expect(room.doc.getText('text').toString()).toBe('a');
		expect([peer.closed, peer.durable, room.log.lastSeq]).toEqual([undefined, 0, 1]);
	});

	test('a predecessor that still drains can append nothing', async () => {
		const name = await kind.create();
		const old = await open(name);
		const { peer } = join(old.room);
		await until('joined', () => peer.durable === 1);
		const fresh = await open(name);
		peer.doc.getText('text').insert(0, 'late');
		await until('told to go elsewhere', () => peer.closed?.reason === 'room-moved');
		expect(fresh.room.doc.getText('text').toString()).toBe('');
		expect(peer.durable).toBe(1);
	});

	test('who only reads hears too that the room is elsewhere, or gone', async () => {
		const [taken, deleted, kept] = await Promise.all([1, 2, 3].map(() => kind.create()));
		const rooms = roomsOf({ heldMs: 20 });
		const peers: FakePeer[] = [];
		for (const name of [taken!, deleted!, kept!])
			peers.push(join((await open(name, rooms)).room).peer);
		await until('joined', () => peers.every(({ durable }) => durable === 1));
		await open(taken!);
		await kind.remove(deleted!);
		await until('told', () => peers.filter(({ closed }) => closed).length === 2);
		expect(peers.map(({ closed }) => closed?.reason)).toEqual([
			...['room-moved', 'room-moved'],
			undefined,
		]);
		expect(await rooms.open(deleted!)).toMatchObject({ close: { reason: 'unknown-room' } });
		await rooms.drain();
	});

	test('a room that is lost while it is unloaded takes none along that came later', async () => {
		const name = await kind.create();
		const storage = kind.storage();
		const saveSnapshot = storage.saveSnapshot.bind(storage);
		const [reached, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
		storage.saveSnapshot = async (...snapshot) => {
			reached.resolve();
			await held.promise;
			await saveSnapshot(...snapshot);
		};
		onTestFinished(() => void (storage.saveSnapshot = saveSnapshot));
		const rooms = new Rooms({ storage, logger: silentLogger, idleMs: 1 });
		const lost = await open(name, rooms);
		await lost.room.apply('anna', starterOf('a'));
		lost.release();
		await reached.promise;
		lost.room.log.lost('moved');
		const fresh = await open(name, rooms);
		held.resolve();
		await new Promise((resolve) => setTimeout(resolve, 20));
		expect((await open(name, rooms)).room).toBe(fresh.room);
	});

	test('a damaged row refuses that room alone', async () => {
		const [name, other] = [await kind.create(starterOf('a')), await kind.create(starterOf('b'))];
		await kind.damage(name, 1);
		const rooms = roomsOf();
		expect(await rooms.open(name)).toMatchObject({ ok: false, close: { reason: 'room-damaged' } });
		expect(await rooms.open(other)).toMatchObject({ ok: true });
		expect(await rooms.open('workspace:nosuchroom')).toMatchObject({
			close: { reason: 'unknown-room' },
		});
	});

	const typed = async (name: string, edits: number, snapshots: number[] = []) => {
		const { room, rooms } = await open(name);
		const { peer } = join(room);
		await until('joined', () => peer.durable === 1);
		for (let n = 1; n <= edits; n += 1) {
			peer.doc.getText('text').insert(n - 1, String(n % 10));
			await room.settled();
			if (snapshots.includes(n)) await room.saveSnapshot();
		}
		await rooms.drain();
		return peer.text;
	};

	test.each([
		['the first row', 1, 1],
		['one in the middle', 2, 2],
		['the last', 4, 4],
		['all', 1, 4],
	])('a log that lacks %s never loads as less than it was', async (_, from, to) => {
		const name = await kind.create();
		await typed(name, 4);
		await kind.tear(name, from, to);
		const told: unknown[] = [];
		const logger = { ...silentLogger, error: (_: string, data?: object) => void told.push(data) };
		const rooms = new Rooms({ storage: kind.storage(), logger });
		expect(await rooms.open(name)).toMatchObject({ ok: false, close: { reason: 'room-damaged' } });
		expect(told).toEqual([{ room: name, damaged: 'row', seq: from }]);
	});

	test('instead of a damaged snapshot an earlier one is read, or the log', async () => {
		const name = await kind.create();
		const text = await typed(name, 6, [2, 4]);
		for (const from of [4, 2]) {
			await kind.damageSnapshots(name, from);
			const { room, rooms } = await open(name);
			expect(room.doc.getText('text').toString()).toBe(text);
			await rooms.drain();
		}
	});

	test('a log that grows large loses its beginning, and the document nothing', async () => {
		const name = await kind.create();
		const logBounds = { bytes: 40_000, kept: 20_000, most: 1_000_000 };
		const { room, rooms } = await open(name, roomsOf({ logBounds }));
		const { peer } = join(room);
		await until('joined', () => peer.durable === 1);
		for (let n = 0; n < 60; n += 1) {
			peer.doc.getText('text').delete(0, peer.doc.getText('text').length);
			peer.doc.getText('text').insert(0, `${n}`.padEnd(1000, 'x'));
			await room.settled();
		}
		const size = async () => {
			const opened = await kind.storage().open(name);
			return { bytes: opened!.logBytes, lastSeq: opened!.lastSeq };
		};
		await rooms.drain();
		await until('folded', async () => (await size()).bytes <= 45_000);
		expect((await size()).lastSeq).toBe(60);
		const again = await open(name);
		expect(again.room.doc.getText('text').toString()).toBe(peer.text);
	});

	test('a log that can’t be folded takes no more than its bound', async () => {
		const name = await kind.create();
		const storage = kind.storage();
		const { foldHistory } = storage;
		storage.foldHistory = async () => 0;
		onTestFinished(() => void (storage.foldHistory = foldHistory));
		const logBounds = { bytes: 10_000, kept: 5_000, most: 20_000 };
		const rooms = new Rooms({ storage, logger: silentLogger, logBounds });
		const { room } = await open(name, rooms);
		const { peer } = join(room);
		for (let n = 0; n < 60 && !peer.closed; n += 1) {
			peer.doc.getText('text').insert(0, 'x'.repeat(1000));
			await room.settled();
		}
		expect([peer.closed?.reason, room.log.lastSeq]).toEqual(['too-large', 20]);
	});

	test('unloads when idle, with a snapshot that the next load starts from', async () => {
		const name = await kind.create();
		const rooms = roomsOf({ idleMs: 20 });
		const { room, release } = await open(name, rooms);
		const { peer, member } = join(room);
		for (let n = 0; n < 30; n += 1) {
			peer.doc.getText('text').insert(n, String(n % 10));
			await room.settled();
		}
		room.leave(member);
		release();
		await until('unloaded', () => rooms.size === 0);
		const opened = await kind.storage().open(name);
		expect(opened).toMatchObject({ lastSeq: 30, snapshot: { seq: 30 }, rows: [] });
		const again = await open(name);
		expect(again.room.doc.getText('text').toString()).toBe(peer.text);
	});

	test.each([1200, 4800])('refuses a quadratic update of %i items unlogged', async (count) => {
		const [name, quiet] = [await kind.create(starterOf('a')), await kind.create()];
		const rooms = roomsOf();
		const { room } = await open(name, rooms);
		const other = (await open(quiet, rooms)).room;
		const { peer, member } = join(room);
		const friend = join(other).peer;
		await until('both are in', () => peer.text === 'a' && friend.durable === 1);
		room.receive(member, { type: 'update', update: quadraticUpdate(count), resync: false });
		peer.doc.getText('text').insert(1, 'behind it');
		let edits = 1;
		while (!peer.closed) {
			friend.doc.getText('text').insert(0, 'x');
			edits += 1;
			await until('others go on', () => friend.durable === edits, 1000);
		}
		expect(peer.closed.reason).toBe('too-costly');
		await room.settled();
		expect(room.log.lastSeq).toBe(1);
		expect(room.doc.getText('text').toString()).toBe('a');
	});

	test('many edits at one place in one honest update are taken', async () => {
		const { room } = await open(await kind.create());
		const { member, peer } = join(room);
		const offline = new Y.Doc();
		for (let n = 0; n < 1500; n += 1) offline.getText('text').insert(0, `${n}\n`);
		const update = Y.encodeStateAsUpdate(offline);
		room.receive(member, { type: 'update', update, resync: true });
		await until('durable', () => peer.durable === 2 || peer.closed !== undefined);
		expect(peer.closed).toBeUndefined();
		expect(room.doc.getText('text').length).toBe(offline.getText('text').length);
	});

	test('what waits for something that never comes is bounded, and costs its sender alone', async () => {
		const name = await kind.create();
		const { room, rooms } = await open(name);
		const { peer, member } = join(room);
		const friend = join(room).peer;
		const source = new Y.Doc();
		source.getText('text').insert(0, 'never sent');
		source.on('update', (update: Uint8Array) =>
			room.receive(member, { type: 'update', update, resync: false }),
		);
		for (let n = 0; n < 200; n += 1) {
			source.getText('text').insert(0, 'x'.repeat(1000));
			await new Promise(setImmediate);
		}
		expect(peer.closed?.reason).toBe('too-costly');
		friend.doc.getText('text').insert(0, 'undisturbed');
		await until('saved', () => friend.durable === 2);
		expect([friend.closed, room.broken]).toEqual([undefined, false]);
		const again = await open(name, rooms);
		expect(Y.encodeStateAsUpdate(again.room.doc).length).toBeLessThan(70_000);
	});

	test('what a long absence brings is taken at once, whatever its order', async () => {
		const { room } = await open(await kind.create());
		const { peer, member } = join(room);
		const [one, two] = [new Y.Doc(), new Y.Doc()];
		for (let n = 0; n < 400; n += 1) {
			const [from, to] = n % 2 ? [one, two] : [two, one];
			from.getText('text').insert(n * 3, `${n}`.padEnd(200, 'x'));
			from.getText('text').delete(n, 1);
			Y.applyUpdate(to, Y.encodeStateAsUpdate(from, Y.encodeStateVector(to)));
		}
		const update = Y.encodeStateAsUpdate(one);
		expect(update.length).toBeGreaterThan(64 * 1024);
		room.receive(member, { type: 'update', update, resync: true });
		await until('durable', () => peer.durable === 2 || peer.closed !== undefined);
		expect(room.doc.getText('text').toString()).toBe(one.getText('text').toString());
	});

	test('client ids have a bound: those who have one go on, new ones are refused', async () => {
		const { room } = await open(await kind.create());
		const { peer } = join(room);
		const mallory = join(room);
		peer.doc.getText('text').insert(0, 'here before');
		await until('known', () => peer.durable === 2);
		for (let batch = 0; batch < 3 && !mallory.peer.closed; batch += 1) {
			const update = crowdOf(1 + batch * 25_000, 25_000);
			room.receive(mallory.member, { type: 'update', update, resync: false });
			const edits = mallory.peer.durable;
			await until('done', () => mallory.peer.durable > edits || !!mallory.peer.closed);
		}
		expect(mallory.peer.closed?.reason).toBe('too-large');
		peer.doc.getText('text').insert(0, 'still ');
		await until('saved', () => peer.durable === 3);
		expect(peer.closed).toBeUndefined();
	});

	test('with the store away, edits go on up to a bound, then a named close; none is lost', async () => {
		const name = await kind.create();
		const store = failing();
		const rooms = new Rooms({ storage: store.storage, logger: silentLogger });
		const { room } = await open(name, rooms);
		const { peer } = join(room);
		const friend = join(room).peer;
		const chunk = 'x'.repeat(1024 * 1024);
		for (let n = 0; n < 10 && !peer.closed; n += 1) {
			peer.doc.getText('text').insert(0, chunk);
			await new Promise(setImmediate);
		}
		expect([peer.closed?.reason, friend.closed?.reason]).toEqual(
			Array(2).fill('storage-unavailable'),
		);
		const accepted = friend.text.length;
		expect(accepted).toBe(7 * chunk.length);
		expect(await rooms.open(await kind.create())).toMatchObject({
			close: { reason: 'storage-unavailable' },
		});
		store.away = false;
		await room.settled();
		const again = await open(name);
		expect(again.room.doc.getText('text').length).toBe(accepted);
	});
});
