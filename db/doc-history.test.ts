// The history of documents in real SQL: any moment, through compaction, folding, clocks and damage.

import { afterAll, beforeAll, expect, test } from 'vitest';
import * as Y from 'yjs';
import { documentAt, foldHistory, type Moment } from './doc-history.ts';
import { appendRows, openRoom, packUpdates, readRows, saveSnapshot } from './doc-log.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

let database: TestDatabase;
beforeAll(async () => {
	database = await testDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const sql = () => database.connection.sql;
const minute = (n: number) => new Date(Date.UTC(2026, 0, 1, 8, n));
const PEOPLE = ['anna', 'ben'];

/** Row n appends its number at minute n, every third takes the first away; answers every state. */
async function written(room: string, rows: number, at: (n: number) => Date = minute) {
	await sql()`insert into doc_rooms (room) values (${room})`;
	const { epoch } = (await openRoom(sql(), room, 'me'))!;
	const doc = new Y.Doc();
	let updates: Uint8Array[] = [];
	doc.on('update', (update: Uint8Array) => updates.push(update));
	const texts = [''];
	const text = doc.getText('text');
	for (let n = 1; n <= rows; n += 1) {
		updates = [];
		text.insert(text.length, `${n};`);
		if (n % 3 === 0) text.delete(0, 2);
		texts.push(text.toString());
		const row = { seq: n, userId: PEOPLE[n % 2]!, at: at(n), parts: updates.length };
		const part = { room, epoch, after: n - 1, clients: [] };
		await appendRows(sql(), [{ ...part, rows: [{ ...row, bytes: packUpdates(updates) }] }]);
	}
	const snapshot = async (seq: number) => {
		const then = await documentAt(sql(), room, { seq });
		if (!then.ok) throw new Error(then.code);
		await saveSnapshot(sql(), room, epoch, seq, Y.encodeStateAsUpdate(then.doc));
	};
	return { texts, snapshot };
}

async function textAt(room: string, moment: Moment): Promise<string> {
	const then = await documentAt(sql(), room, moment);
	return then.ok ? then.doc.getText('text').toString() : then.code;
}

const allOf = (room: string, from: number, to: number) =>
	Promise.all(Array.from({ length: to - from + 1 }, (_, n) => textAt(room, { seq: from + n })));

test('every moment is there, with who and when, through compaction', async () => {
	const { texts, snapshot } = await written('any', 12);
	expect(await allOf('any', 0, 12)).toEqual(texts);
	for (const seq of [3, 6, 9]) await snapshot(seq);
	expect(await allOf('any', 0, 12)).toEqual(texts);
	expect(await documentAt(sql(), 'any', { seq: 7 })).toMatchObject({
		seq: 7,
		by: { userId: 'ben', at: minute(7) },
	});
	expect(await documentAt(sql(), 'any', { seq: 0 })).toMatchObject({ ok: true, by: undefined });
	const [before, between, late] = [minute(0), new Date(+minute(4) + 1000), minute(59)];
	expect(await textAt('any', { at: before })).toBe('');
	expect(await textAt('any', { at: between })).toBe(texts[4]);
	expect(await textAt('any', { at: late })).toBe(texts[12]);
	expect(await textAt('any', { seq: 13 })).toBe('not-reached');
	expect(await textAt('nowhere', { seq: 0 })).toBe('no-room');
});

test('a log with more rows than are read at a time', async () => {
	const { texts } = await written('long', 450);
	expect(await textAt('long', { seq: 449 })).toBe(texts[449]);
});

test('a damaged snapshot hides nothing; a damaged row only what follows it', async () => {
	const { texts, snapshot } = await written('torn', 8);
	await snapshot(4);
	await sql()`update doc_snapshots set state = '\\x0909' where room = 'torn'`;
	expect(await allOf('torn', 4, 8)).toEqual(texts.slice(4));
	await sql()`update doc_updates set bytes = '\\x0909' where room = 'torn' and seq = 6`;
	expect(await documentAt(sql(), 'torn', { seq: 8 })).toMatchObject({ code: 'damaged', seq: 6 });
	expect(await textAt('torn', { seq: 5 })).toBe(texts[5]);
	expect(await foldHistory(sql(), 'torn', { since: minute(59) })).toBe(0);
	expect(await readRows(sql(), 'torn', 0)).toHaveLength(8);
});

test('what is older than it is kept is folded: the document stays, who wrote it is forgotten', async () => {
	const { texts, snapshot } = await written('old', 10);
	await snapshot(3);
	await snapshot(8);
	expect(await foldHistory(sql(), 'old', { since: minute(6) })).toBeGreaterThan(0);
	expect(await allOf('old', 5, 10)).toEqual(texts.slice(5));
	expect((await readRows(sql(), 'old', 0)).map(({ seq }) => seq)).toEqual([6, 7, 8, 9, 10]);
	expect(await textAt('old', { seq: 4 })).toBe('folded');
	expect(await textAt('old', { at: minute(4) })).toBe('folded');
	expect(await textAt('old', { at: minute(5) })).toBe(texts[5]);
	expect(await foldHistory(sql(), 'old', { since: minute(6) })).toBe(0);
	// Later snapshots push out others, never the one that the beginning is in.
	for (const seq of [9, 10]) await snapshot(seq);
	expect(await allOf('old', 5, 10)).toEqual(texts.slice(5));
	const { snapshot: newest, rows, lastSeq } = (await openRoom(sql(), 'old', 'me'))!;
	expect([newest?.seq, rows, lastSeq]).toEqual([10, [], 10]);
	expect(await foldHistory(sql(), 'old', { since: minute(59) })).toBeGreaterThan(0);
	expect([await textAt('old', { seq: 10 }), await textAt('old', { seq: 9 })]).toEqual([
		texts[10],
		'folded',
	]);
	expect(await readRows(sql(), 'old', 0)).toEqual([]);
	expect((await openRoom(sql(), 'old', 'me'))?.snapshot?.seq).toBe(10);
});

test('of a log that grew too large, the newest rows are kept, by their bytes', async () => {
	const { texts } = await written('large', 20);
	const sizes = (await readRows(sql(), 'large', 0)).map(({ bytes }) => bytes.length);
	const newest = sizes.slice(-5).reduce((sum, bytes) => sum + bytes, 0);
	const all = sizes.reduce((sum, bytes) => sum + bytes, 0);
	await sql()`update doc_rooms set log_bytes = ${all} where room = 'large'`;
	expect(await foldHistory(sql(), 'large', { bytes: newest })).toBe(all - newest);
	expect((await readRows(sql(), 'large', 0)).map(({ seq }) => seq)).toEqual([16, 17, 18, 19, 20]);
	expect(await allOf('large', 15, 20)).toEqual(texts.slice(15));
	expect((await openRoom(sql(), 'large', 'me'))?.logBytes).toBe(newest);
	expect(await foldHistory(sql(), 'large', { bytes: newest })).toBe(0);
});

test('a clock that was set back folds no row that is still to be kept', async () => {
	const { texts } = await written('clock', 9, (n) => minute(n === 3 ? 30 : n));
	expect(await foldHistory(sql(), 'clock', { since: minute(20) })).toBeGreaterThan(0);
	expect((await readRows(sql(), 'clock', 0))[0]?.seq).toBe(3);
	expect(await allOf('clock', 2, 9)).toEqual(texts.slice(2));
	expect(await textAt('clock', { at: minute(30) })).toBe(texts[9]);
});

test('the room goes on while its history is folded, by several at once', async () => {
	const { texts } = await written('busy', 40);
	const { epoch } = (await openRoom(sql(), 'busy', 'me'))!;
	const doc = new Y.Doc();
	doc.getText('other').insert(0, 'typed meanwhile');
	const bytes = Y.encodeStateAsUpdate(doc);
	const folds = [10, 20, 30].map((n) => foldHistory(sql(), 'busy', { since: minute(n) }));
	const row = { seq: 41, userId: 'anna', at: minute(41), parts: 1, bytes };
	const part = { room: 'busy', epoch, after: 40, rows: [row], clients: [] };
	expect(await appendRows(sql(), [part])).toEqual(new Set(['busy']));
	await Promise.all(folds);
	await foldHistory(sql(), 'busy', { since: minute(30) });
	expect(await textAt('busy', { seq: 28 })).toBe('folded');
	expect(await allOf('busy', 29, 40)).toEqual(texts.slice(29));
	const then = await documentAt(sql(), 'busy', { seq: 41 });
	expect(then.ok && then.doc.getText('other').toString()).toBe('typed meanwhile');
});
