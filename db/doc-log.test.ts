// The document log in real SQL: fences, repeats and packed rows.

import { afterAll, beforeAll, expect, test } from 'vitest';
import {
	appendRows,
	openRoom,
	packUpdates,
	positions,
	readRows,
	saveSnapshot,
	unpackUpdates,
	type RoomRows,
} from './doc-log.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

let database: TestDatabase;
beforeAll(async () => {
	database = await testDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const sql = () => database.connection.sql;
const make = (room: string) => sql()`insert into doc_rooms (room) values (${room})`;

function rowsOf(room: string, epoch: number, after: number, count = 1): RoomRows {
	const rows = Array.from({ length: count }, (_, n) => ({
		seq: after + 1 + n,
		userId: 'anna',
		at: new Date('2026-01-02T03:04:05.678Z'),
		parts: 1,
		bytes: Uint8Array.of(0, 255, 92, 34, n),
	}));
	return { room, epoch, after, rows, clients: [{ clientId: 4_294_967_295, userId: 'anna' }] };
}

test('what is appended is read back as it was', async () => {
	await make('a');
	expect(await openRoom(sql(), 'nowhere', 'me')).toBeUndefined();
	expect(await openRoom(sql(), 'a', 'me')).toMatchObject({ epoch: 1, lastSeq: 0, rows: [] });
	expect(await appendRows(sql(), [rowsOf('a', 1, 0, 3)])).toEqual(new Set(['a']));
	const opened = await openRoom(sql(), 'a', 'me');
	expect(opened?.rows.map((row) => ({ ...row, bytes: [...row.bytes] }))).toEqual(
		rowsOf('a', 1, 0, 3).rows.map((row) => ({ ...row, bytes: [...row.bytes] })),
	);
	expect(opened).toMatchObject({ lastSeq: 3, clients: [{ clientId: 4_294_967_295 }] });
});

test('a repeat and an old epoch are left out, and hurt no other room', async () => {
	await Promise.all(['b', 'c', 'd'].map(make));
	for (const room of ['b', 'c', 'd']) await openRoom(sql(), room, 'me');
	await appendRows(sql(), [rowsOf('b', 1, 0)]);
	await openRoom(sql(), 'c', 'another');
	const batch = [rowsOf('b', 1, 0), rowsOf('c', 1, 0), rowsOf('d', 1, 0)];
	expect(await appendRows(sql(), batch)).toEqual(new Set(['d']));
	expect(await positions(sql(), ['b', 'c', 'd'])).toEqual(
		new Map([
			['b', { epoch: 1, lastSeq: 1 }],
			['c', { epoch: 2, lastSeq: 0 }],
			['d', { epoch: 1, lastSeq: 1 }],
		]),
	);
});

test('snapshots shorten loading and cut nothing; an old epoch stores none', async () => {
	await make('e');
	await openRoom(sql(), 'e', 'me');
	await appendRows(sql(), [rowsOf('e', 1, 0, 4)]);
	for (const seq of [1, 2, 3]) await saveSnapshot(sql(), 'e', 1, seq, Uint8Array.of(seq));
	await saveSnapshot(sql(), 'e', 0, 4, Uint8Array.of(4));
	await saveSnapshot(sql(), 'e', 1, 9, Uint8Array.of(9));
	const kept = await sql()`select seq from doc_snapshots where room = 'e' order by seq`;
	expect(kept.map((row) => Number(row['seq']))).toEqual([2, 3]);
	const opened = await openRoom(sql(), 'e', 'me');
	expect([opened?.snapshot?.seq, opened?.rows.map(({ seq }) => seq)]).toEqual([3, [4]]);
	expect(await readRows(sql(), 'e', 0)).toHaveLength(4);
});

test('packed updates come apart again, or are known to be damaged', () => {
	const updates = [Uint8Array.of(1, 2), new Uint8Array(300), Uint8Array.of(3)];
	const packed = packUpdates(updates);
	expect(unpackUpdates(3, packed)).toEqual(updates);
	expect(unpackUpdates(2, packed)).toBeUndefined();
	expect(unpackUpdates(3, packed.subarray(0, -1))).toBeUndefined();
	expect(packUpdates([updates[0]!])).toBe(updates[0]);
});
