// What runnerd is told of classes in session, by a clock of ours; and which plans are possible.

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import {
	addSession,
	deleteSessionsOver,
	endSession,
	lengthenSession,
	sessionsOf,
} from '@containrlab/db/queries/class-sessions.ts';
import { addMember, createClass, updateClass } from '@containrlab/db/queries/classes.ts';
import { insertGuest } from '@containrlab/db/queries/users.ts';
import { testDatabase, type TestDatabase } from '@containrlab/db/testing.ts';
import { ClassesInSession, DEFAULT_LIMITS } from '@containrlab/protocol/sandbox.ts';
import { InSession } from './in-session.ts';
import { Unreachable } from './service-call.ts';

const MINUTE = 60_000;
/** Nine o'clock. */
const NINE = Date.parse('2031-03-04T09:00:00Z');
const at = (minutes: number): Date => new Date(NINE + minutes * MINUTE);

let database: TestDatabase;
let classId: string;
let told: ClassesInSession['classes'];
let runnerAway: boolean;
let warnings: number;

beforeAll(async () => void (database = await testDatabase()));
beforeEach(async () => {
	const { db, sql } = database.connection;
	await sql`truncate users, classes cascade`;
	classId = (await createClass(db, { name: 'Docker 101', labs: [] })).id;
	for (const name of ['Ada', 'Grace', 'Edsger']) {
		const { id } = await insertGuest(db, name);
		await addMember(db, { classId, userId: id, role: name === 'Edsger' ? 'ta' : 'student' });
	}
	told = [];
	runnerAway = false;
	warnings = 0;
});
afterAll(() => database?.[Symbol.asyncDispose]());

const plan = (from: number, to: number, now = 0) =>
	database.connection.db.transaction((tx) =>
		addSession(tx, classId, { startsAt: at(from), endsAt: at(to) }, at(now)),
	);

/** What runnerd holds after it was told at this minute. */
async function toldAt(minutes: number) {
	const inSession = new InSession({
		db: database.connection.db,
		runnerd: {
			inSession: (said) => {
				if (runnerAway) return Promise.reject(new Unreachable('away'));
				told = ClassesInSession.parse(said).classes;
				return Promise.resolve();
			},
		},
		log: () => (warnings += 1),
		now: () => at(minutes).getTime(),
	});
	await inSession.tell();
	await inSession.tell();
	return told.map(({ until, warmUntil, ...rest }) => ({
		...rest,
		until: (until - NINE) / MINUTE,
		warmUntil: (warmUntil - NINE) / MINUTE,
	}));
}

it('is told from ten minutes before a planned session until its end, with who is expected', async () => {
	await plan(60, 150);
	expect(await toldAt(50)).toEqual([]);
	await updateClass(database.connection.db, classId, { sandboxPids: 1024 });
	const limits = { ...DEFAULT_LIMITS, pids: 1024 };
	const said = [{ class: classId, students: 2, until: 150, warmUntil: 80, limits }];
	expect(await toldAt(51)).toEqual(said);
	expect(await toldAt(149)).toEqual(said);
	expect(await toldAt(150)).toEqual([]);
});

it('is told of an early end, of more time, and of nothing when the class is archived', async () => {
	const { db } = database.connection;
	await plan(0, 60);
	const [session] = await sessionsOf(db, classId, at(0));
	const key = { classId, id: session!.id };
	expect(await lengthenSession(db, key, 15, at(10))).toBe(true);
	expect((await toldAt(10))[0]).toMatchObject({ until: 75 });
	await updateClass(db, classId, { archivedAt: at(11) });
	expect(await toldAt(12)).toEqual([]);
	await updateClass(db, classId, { archivedAt: null });
	expect(await endSession(db, key, at(20))).toBe(true);
	expect(await toldAt(20)).toEqual([]);
	expect(await endSession(db, key, at(21))).toBe(false);
	expect(await lengthenSession(db, key, 15, at(21))).toBe(false);
});

it('takes sessions that follow one another at once for one', async () => {
	await plan(0, 60);
	await plan(60, 120);
	expect(await toldAt(55)).toMatchObject([{ students: 2, until: 120, warmUntil: 80 }]);
});

it('plans nothing twice, and nothing into something else', async () => {
	const { db } = database.connection;
	expect(await plan(0, 60)).toBe(true);
	expect(await plan(59, 90)).toBe(false);
	expect(await plan(-30, 120)).toBe(false);
	expect(await plan(60, 90)).toBe(true);
	const [first, second] = await sessionsOf(db, classId, at(0));
	expect(await lengthenSession(db, { classId, id: first!.id }, 15, at(30))).toBe(false);
	expect(await endSession(db, { classId, id: second!.id }, at(30))).toBe(true);
	expect(await sessionsOf(db, classId, at(30))).toHaveLength(1);
	expect(await endSession(db, { classId: 'another', id: first!.id }, at(30))).toBe(false);
	const asked = await Promise.all([plan(200, 220), plan(210, 230)]);
	expect(asked.toSorted()).toEqual([false, true]);
});

it('says once that runnerd is away', async () => {
	await plan(0, 60);
	runnerAway = true;
	expect(await toldAt(10)).toEqual([]);
	expect(warnings).toBe(1);
});

it('forgets what was long ago', async () => {
	const { db } = database.connection;
	await plan(0, 60);
	await deleteSessionsOver(db, at(60 + 29 * 24 * 60));
	expect(await sessionsOf(db, classId, at(0))).toHaveLength(1);
	await deleteSessionsOver(db, at(61 + 30 * 24 * 60));
	expect(await sessionsOf(db, classId, at(0))).toHaveLength(0);
});
