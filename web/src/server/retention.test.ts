// What retention deletes, on rows that are as old as time would make them; and what it must not.

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { documentAt, foldHistory } from '@containrlab/db/doc-history.ts';
import { insertAttempt } from '@containrlab/db/queries/attempts.ts';
import { recordAudit } from '@containrlab/db/queries/audit.ts';
import { keepBlobs, linkBlobs, shaOf } from '@containrlab/db/queries/blobs.ts';
import { createClass, type Class } from '@containrlab/db/queries/classes.ts';
import { admit } from '@containrlab/db/queries/joining.ts';
import { insertGuest, insertUser } from '@containrlab/db/queries/users.ts';
import { openWorkspace, touchWorkspace } from '@containrlab/db/queries/workspaces.ts';
import { testDatabase, type TestDatabase } from '@containrlab/db/testing.ts';
import { newId } from '@containrlab/protocol/id.ts';
import type { Lab } from '@containrlab/protocol/lab.ts';
import type { Session } from '@containrlab/protocol/sandbox.ts';
import { applyRetention } from './retention.ts';
import { Unreachable } from './service-call.ts';

const DAY = 86_400_000;
const LAB = {
	...{ slug: 'lab', digest: 'd'.repeat(64), text: '' },
	starter: [{ kind: 'text', path: 'Dockerfile', mode: 0o644, text: 'FROM scratch\n' }],
} as unknown as Lab;

let database: TestDatabase;
let taught: Class;
let kept: Session[];
let forgotten: string[];

beforeAll(async () => {
	database = await testDatabase();
});
beforeEach(async () => {
	await database.connection.sql`truncate users, classes, doc_rooms, blobs, audit cascade`;
	taught = await createClass(database.connection.db, { name: 'Docker 101', labs: ['lab'] });
	kept = [];
	forgotten = [];
});
afterAll(() => database?.[Symbol.asyncDispose]());

const apply = (daysFromNow = 0, sessions = async () => kept) =>
	applyRetention(
		{
			connection: database.connection,
			sync: {
				fold: async (room, since) =>
					(await foldHistory(database.connection.sql, room, { since })) > 0,
			},
			runnerd: { sessions, forget: async (id) => void forgotten.push(id) },
			log: () => {},
		},
		new Date(Date.now() + daysFromNow * DAY),
	);

/** Names of the tables that hold anything of a person's. */
async function counts() {
	const [row] = await database.connection.sql`select
		(select count(*)::int from workspaces) as workspaces,
		(select count(*)::int from doc_rooms) as rooms,
		(select count(*)::int from doc_updates) as updates,
		(select count(*)::int from attempts) as attempts,
		(select count(*)::int from members) as members,
		(select count(*)::int from users) as users,
		(select count(*)::int from blobs) as blobs,
		(select count(*)::int from return_codes) as codes`;
	return row as Record<string, number>;
}

/** A guest with work, an attempt and bytes of each kind, done `days` ago. */
async function student(name: string, days: number) {
	const { db, sql } = database.connection;
	const user = await insertGuest(db, name);
	await admit(db, { classId: taught.id, userId: user.id, studentNumber: '7' });
	await sql`insert into return_codes (user_id, hash) values (${user.id}, ${shaOf(Buffer.from(name))})`;
	const { id } = await openWorkspace(db, { classId: taught.id, ownerId: user.id, lab: LAB });
	const blobs = ['named by the workspace', 'named by the attempt'].map((what) => {
		const bytes = Buffer.from(`${name}: ${what}`);
		return { sha: shaOf(bytes), bytes };
	});
	await keepBlobs(db, blobs);
	await linkBlobs(db, id, [blobs[0]!.sha]);
	await db.transaction((tx) =>
		insertAttempt(tx, {
			...{ id: newId(), workspaceId: id, submittedBy: user.id, source: 'drained' },
			...{ logSeq: 1, labDigest: LAB.digest, left: [] },
			files: [
				{ kind: 'text', path: 'Dockerfile', mode: 0o644, size: 1, sha: blobs[1]!.sha },
				{ kind: 'dir', path: 'src', mode: 0o755 },
			],
		}),
	);
	const ago = new Date(Date.now() - days * DAY).toISOString();
	await sql`update workspaces set last_active_at = ${ago}, created_at = ${ago} where id = ${id}`;
	await sql`update doc_updates set at = ${ago} where room = ${`workspace:${id}`}`;
	await sql`update members set joined_at = ${ago} where user_id = ${user.id}`;
	await sql`update users set created_at = ${ago} where id = ${user.id}`;
	await sql`update blobs set created_at = ${ago} where sha in ${sql(blobs.map((b) => b.sha))}`;
	return { user, workspace: id };
}

it('deletes all that is recorded of a guest when the class’s time is over, and no day earlier', async () => {
	const old = await student('Old', 181);
	await student('Young', 179);
	kept = [session(old.workspace, 'gone')];
	await apply();
	expect(await counts()).toEqual({
		...{ workspaces: 1, rooms: 1, updates: 1, attempts: 1 },
		...{ members: 1, users: 1, blobs: 2, codes: 1 },
	});
	expect(forgotten).toEqual([old.workspace]);
	await apply(2);
	expect(Object.values(await counts())).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
});

it('goes by each class’s own days', async () => {
	await student('Short', 40);
	await database.connection.sql`update classes set retention_days = 30`;
	await apply();
	expect((await counts())['users']).toBe(0);
});

it('keeps work that was edited, opened or run since, or whose sandbox lives', async () => {
	const { db, sql } = database.connection;
	const edited = await student('Edited', 400);
	const opened = await student('Opened', 400);
	const running = await student('Running', 400);
	await sql`update doc_updates set at = now() where room = ${`workspace:${edited.workspace}`}`;
	await touchWorkspace(db, opened.workspace);
	kept = [session(running.workspace, 'ready')];
	await apply();
	expect((await counts())['workspaces']).toBe(3);
	expect(forgotten).toEqual([]);
});

it('forgets what led to a document that lives on, not the document, and nothing younger', async () => {
	const { sql } = database.connection;
	const { workspace } = await student('Here', 400);
	const room = `workspace:${workspace}`;
	await touchWorkspace(database.connection.db, workspace);
	const before = await documentAt(sql, room, { seq: 1 });
	await sql`insert into doc_updates (room, seq, epoch, user_id, bytes)
		values (${room}, 2, 0, 'anna', '\\x0000')`;
	await sql`update doc_rooms set last_seq = 2 where room = ${room}`;
	await apply();
	expect(await sql`select seq::int from doc_updates`).toMatchObject([{ seq: 2 }]);
	const after = await documentAt(sql, room, { seq: 1 });
	if (!before.ok || !after.ok) throw new Error('not there');
	expect(after.doc.getMap('files').toJSON()).toEqual(before.doc.getMap('files').toJSON());
	expect(after.by).toBeUndefined();
});

it('deletes nothing of which nobody can say whether it is in use', async () => {
	await student('Old', 400);
	await apply(0, () => Promise.reject(new Unreachable('runnerd is away')));
	expect((await counts())['workspaces']).toBe(1);
});

it('makes runnerd forget what an interrupted round had deleted, and nothing that is there', async () => {
	const { workspace } = await student('Here', 1);
	const lost = newId();
	kept = [session(lost, 'gone'), session(workspace, 'gone'), session(newId(), 'ready')];
	await apply();
	expect(forgotten).toEqual([lost]);
});

it('keeps staff, accounts, who was here lately, and who may yet be let back', async () => {
	const { db, sql } = database.connection;
	const guest = async (name: string) => (await insertGuest(db, name)).id;
	const join = (userId: string) =>
		admit(db, { classId: taught.id, userId, studentNumber: undefined });
	const login = { email: 'ta@example.org', passwordHash: 'x' };
	const account = (await insertUser(db, { name: 'Account', login }))!.id;
	const [ta, here, idle, removed, stranger] = await Promise.all(
		['TA', 'Here', 'Idle', 'Removed', 'Stranger'].map(guest),
	);
	for (const id of [account, ta!, here!, idle!]) await join(id);
	await sql`update members set role = 'ta' where user_id = ${ta!}`;
	await sql`insert into removals (class_id, user_id) values (${taught.id}, ${removed!})`;
	await sql`insert into sessions (id, user_id, expires_at)
		values (${newId()}, ${here!}, now() + interval '30 days')`;
	const long = new Date(Date.now() - 300 * DAY).toISOString();
	await sql`update members set joined_at = ${long}`;
	await sql`update users set created_at = ${long}`;
	await apply();
	const names = async () =>
		(await sql<{ name: string }[]>`select name from users order by name`).map((row) => row.name);
	expect(await names()).toEqual(['Account', 'Here', 'Removed', 'TA']);
	expect(await sql`select role from members order by role`).toMatchObject([
		...[{ role: 'student' }, { role: 'ta' }],
	]);
	expect(stranger).toBeDefined();
	await apply(200);
	expect(await names()).toEqual(['Account', 'TA']);
});

it('drops bytes that nobody names, unless they were kept just now', async () => {
	const { db, sql } = database.connection;
	const bytes = (text: string) => ({ sha: shaOf(Buffer.from(text)), bytes: Buffer.from(text) });
	await keepBlobs(db, [bytes('unused'), bytes('kept again')]);
	await sql`update blobs set created_at = now() - interval '2 days'`;
	await keepBlobs(db, [bytes('kept again'), bytes('new')]);
	await apply();
	const left = await sql<{ sha: string }[]>`select sha from blobs`;
	expect(new Set(left.map((row) => row.sha))).toEqual(
		new Set([bytes('kept again').sha, bytes('new').sha]),
	);
});

it('forgets who did what when the class does', async () => {
	const { db, sql } = database.connection;
	await recordAudit(db, { actorId: 'x', action: 'old', classId: taught.id });
	await recordAudit(db, { actorId: 'x', action: 'old elsewhere' });
	await sql`update audit set at = now() - interval '181 days'`;
	await recordAudit(db, { actorId: 'x', action: 'new', classId: taught.id });
	await apply();
	expect(await sql`select action from audit`).toMatchObject([{ action: 'new' }]);
});

it('exact to a minute, work is marked without a stream of updates', async () => {
	const { db, sql } = database.connection;
	const { workspace } = await student('Typing', 1);
	const versions = async () => (await sql`select xmin::text from workspaces`)[0]!['xmin'];
	await touchWorkspace(db, workspace);
	const after = await versions();
	await touchWorkspace(db, workspace);
	expect(await versions()).toBe(after);
});

function session(workspace: string, status: 'gone' | 'ready'): Session {
	const state =
		status === 'gone'
			? { status, at: 0, reason: 'ended' as const }
			: { status, at: 0, deadline: Date.now() };
	return { workspace, driver: { id: 'x', name: 'X' }, state } as Session;
}
