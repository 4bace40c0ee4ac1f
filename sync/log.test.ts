// The group commit against a store that fails: nothing lost, nothing twice, nobody else harmed.

import { expect, test } from 'vitest';
import type { RoomRows } from '@containrlab/db/doc-log.ts';
import { Committer, RoomLog, type LogLoss } from './log.ts';
import { silentLogger } from './logger.ts';
import { Metrics } from './metrics.ts';
import { MemoryStorage } from './memory-storage.ts';
import { StorageUnavailable } from './storage.ts';
import { until } from './testing.ts';

/** Fails as told before, or after, it did the work. */
class FailingStorage extends MemoryStorage {
	before: (batch: readonly RoomRows[]) => Error | undefined = () => undefined;
	after: (batch: readonly RoomRows[]) => Error | undefined = () => undefined;
	batches: number[] = [];

	override async append(batch: readonly RoomRows[]): Promise<Set<string>> {
		this.batches.push(batch.length);
		const early = this.before(batch);
		if (early) throw early;
		const taken = await super.append(batch);
		const late = this.after(batch);
		if (late) throw late;
		return taken;
	}
}

const bytes = (n: number) => [Uint8Array.of(n)];

const logs = (storage: FailingStorage, count: number) =>
	logsOf(
		storage,
		new Committer({ storage, logger: silentLogger, metrics: new Metrics() }),
		Array.from({ length: count }, (_, n) => `workspace:room${n}`),
	);

async function logsOf(storage: FailingStorage, committer: Committer, rooms: string[]) {
	const lost: [string, LogLoss][] = [];
	const all: RoomLog[] = [];
	for (const room of rooms) {
		storage.create(room);
		const { epoch, lastSeq } = (await storage.open(room))!;
		const onLost = (loss: LogLoss) => lost.push([room, loss]);
		all.push(new RoomLog({ room, epoch, lastSeq, committer, onLost }));
	}
	return { committer, all, lost };
}

test('rooms of one turn share one statement', async () => {
	const storage = new FailingStorage();
	const { committer, all } = await logs(storage, 5);
	for (const log of all) log.append('anna', bytes(1), []);
	await committer.idle();
	expect(storage.batches).toEqual([5]);
});

test('a store that is away loses and doubles nothing, and keeps the order', async () => {
	const storage = new FailingStorage();
	const { committer, all } = await logs(storage, 1);
	const log = all[0]!;
	let failures = 3;
	storage.before = () => (failures-- > 0 ? new StorageUnavailable('away') : undefined);
	const heard: number[] = [];
	for (let n = 1; n <= 3; n += 1) {
		log.append('anna', bytes(n), []);
		log.whenDurable((stored) => heard.push(stored ? n : -n));
	}
	await until('noticed', () => committer.away);
	expect(heard).toEqual([]);
	expect(log.unsaved).toBeGreaterThan(3);
	log.append('anna', bytes(4), []);
	await committer.idle();
	expect(heard).toEqual([1, 2, 3]);
	expect(storage.rows(log.room).map((row) => [row.seq, row.bytes[0]])).toEqual([
		[1, 1],
		[2, 2],
		[3, 3],
		[4, 4],
	]);
	expect([committer.away, log.unsaved]).toEqual([false, 0]);
});

test('a commit whose answer was lost is found, not repeated', async () => {
	const storage = new FailingStorage();
	const { committer, all, lost } = await logs(storage, 2);
	let failures = 1;
	storage.after = () => (failures-- > 0 ? new StorageUnavailable('gone') : undefined);
	for (const log of all) log.append('anna', bytes(1), []);
	await committer.idle();
	expect(all.map((log) => [storage.rows(log.room).length, log.durableSeq])).toEqual([
		[1, 1],
		[1, 1],
	]);
	expect(lost).toEqual([]);
});

test("a row that can't be stored costs its own room alone", async () => {
	const storage = new FailingStorage();
	const { committer, all, lost } = await logs(storage, 7);
	storage.before = (batch) =>
		batch.some(({ room }) => room === 'workspace:room3') ? new Error('refused') : undefined;
	const stored: boolean[] = [];
	for (const log of all) {
		log.append('anna', bytes(1), []);
		log.whenDurable((ok) => stored.push(ok));
	}
	await committer.idle();
	expect(lost).toEqual([['workspace:room3', 'refused']]);
	expect(stored.filter(Boolean)).toHaveLength(6);
});

test('a room that somebody has locked waits alone, keeps its order, and is drained all the same', async () => {
	const storage = new FailingStorage();
	const { committer, all, lost } = await logs(storage, 3);
	const [log, ...others] = all as [RoomLog, ...RoomLog[]];
	const append = storage.append.bind(storage);
	let locked = true;
	storage.append = async (batch) =>
		append(locked ? batch.filter(({ room }) => room !== log.room) : batch);
	const heard: string[] = [];
	for (const each of all) {
		each.append('anna', bytes(1), [{ clientId: 7, userId: 'anna' }]);
		each.whenDurable((stored) => stored && heard.push(each.room));
	}
	await until('the others are stored', () => others.every(({ unsaved }) => unsaved === 0));
	log.append('anna', bytes(2), []);
	for (const each of others) each.append('anna', bytes(2), []);
	await until('the others go on', () => others.every(({ durableSeq }) => durableSeq === 2));
	expect([heard.includes(log.room), log.durableSeq, committer.away]).toEqual([false, 0, false]);
	locked = false;
	await committer.idle();
	expect(storage.rows(log.room).map((row) => row.bytes[0])).toEqual([1, 2]);
	expect((await storage.open(log.room))?.clients).toEqual([{ clientId: 7, userId: 'anna' }]);
	expect([heard.includes(log.room), lost]).toEqual([true, []]);
});

test('another holder ends the log, and what waits is not called durable', async () => {
	const storage = new FailingStorage();
	const { committer, all, lost } = await logs(storage, 1);
	const log = all[0]!;
	await storage.open(log.room);
	const heard: boolean[] = [];
	log.append('anna', bytes(1), []);
	log.whenDurable((stored) => heard.push(stored));
	await committer.idle();
	expect([lost, heard, storage.rows(log.room).length]).toEqual([[[log.room, 'moved']], [false], 0]);
});

test('all rooms together have a bound; a room with little to save always has its place', async () => {
	const storage = new FailingStorage();
	storage.before = () => new StorageUnavailable('away');
	const { committer, all } = await logs(storage, 40);
	const chunk = new Uint8Array(1024 * 1024);
	for (let round = 0; round < 7; round += 1) {
		for (const log of all) if (log.hasPlace(chunk.length)) log.append('anna', [chunk], []);
	}
	expect(committer.unsaved / chunk.length).toBeGreaterThan(250);
	expect(committer.unsaved / chunk.length).toBeLessThan(257);
	expect(all.some((log) => log.hasPlace(chunk.length))).toBe(false);
	const [quiet] = (await logsOf(storage, committer, ['workspace:quiet'])).all;
	expect([quiet!.hasPlace(1000), quiet!.hasPlace(chunk.length)]).toEqual([true, false]);
	storage.before = () => undefined;
	await committer.idle();
	expect([committer.unsaved, all.every((log) => log.unsaved === 0)]).toEqual([0, true]);
});

test('what waits for an answer counts too, though it changes nothing', async () => {
	const storage = new FailingStorage();
	storage.before = () => new StorageUnavailable('away');
	const { committer, all } = await logs(storage, 1);
	const log = all[0]!;
	log.append('anna', bytes(1), []);
	let heard = 0;
	for (let n = 0; n < 100_000 && log.hasPlace(1); n += 1) log.whenDurable(() => (heard += 1));
	expect(log.hasPlace(1)).toBe(false);
	storage.before = () => undefined;
	await committer.idle();
	expect([log.unsaved, heard > 1000]).toEqual([0, true]);
});

test('who sends waits for a slow store, and not for one that is away', async () => {
	const storage = new FailingStorage();
	const { committer, all } = await logs(storage, 1);
	const log = all[0]!;
	const big = new Uint8Array(3 * 1024 * 1024);
	expect(log.relief()).toBeUndefined();
	log.append('anna', [big], []);
	await log.relief();
	expect(log.unsaved).toBe(0);
	storage.before = () => new StorageUnavailable('away');
	log.append('anna', [big], []);
	await log.relief();
	expect(committer.away).toBe(true);
	expect(log.unsaved).toBeGreaterThan(big.length);
	expect(log.relief()).toBeUndefined();
	storage.before = () => undefined;
	await committer.idle();
});
