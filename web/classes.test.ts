// Administering classes: who makes them, what instructors change, what that does to everyone else.

import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eq } from 'drizzle-orm';
import { sessionsOf } from '@containrlab/db/queries/class-sessions.ts';
import { addMember, classById, createClass, roleIn } from '@containrlab/db/queries/classes.ts';
import { audit, users } from '@containrlab/db/schema.ts';
import { testDatabase, type TestDatabase } from '@containrlab/db/testing.ts';
import { newId } from '@containrlab/protocol/id.ts';
import type { Role } from '@containrlab/protocol/ticket.ts';
import { hashPassword } from './src/server/password.ts';
import { BUILD_MS, Browser, LAB, PASSWORD, startWeb, type TestWeb } from './testing.ts';

const SECOND = '02-second-lab';
const EVERY_ADMIN_ACT = [
	['labs', 'save'],
	['labs', 'arrange'],
	['joining', 'rotate'],
	['joining', 'close'],
	['joining', 'open'],
	['people', 'role'],
	['people', 'remove'],
	['people', 'readmit'],
	['people', 'instructor'],
	['class', 'save'],
	['class', 'archive'],
	['class', 'restore'],
	['preflight', 'begin'],
] as const;

let database: TestDatabase;
let web: TestWeb;
let labsDir: string;
let passwordHash: string;
/** A class of each test's own, since each changes it. */
let classId: string;
let code: string;

beforeAll(async () => {
	database = await testDatabase();
	labsDir = mkdtempSync(join(tmpdir(), 'containrlab-labs-'));
	const lab = fileURLToPath(new URL(`../labs/${LAB}`, import.meta.url));
	for (const slug of [LAB, SECOND]) cpSync(lab, join(labsDir, slug), { recursive: true });
	web = await startWeb({ databaseUrl: database.url, env: { LABS_DIR: labsDir } });
	passwordHash = await hashPassword(PASSWORD);
}, BUILD_MS);
afterAll(async () => {
	await web?.[Symbol.asyncDispose]();
	await database?.[Symbol.asyncDispose]();
	if (labsDir) rmSync(labsDir, { recursive: true });
});

type Someone = { id: string; name: string; email: string; browser: Browser };

/** Someone with an account, signed in; in the class when a role is named. */
async function someone(name: string, role?: Role, set: Partial<typeof users.$inferInsert> = {}) {
	const { db } = database.connection;
	const id = newId();
	const email = `${id}@example.org`;
	await db.insert(users).values({ id, name, email, passwordHash, ...set });
	if (role) await addMember(db, { classId, userId: id, role });
	return { id, name, email, browser: await new Browser(web.url).signIn(email) };
}

/** Joins as a guest by the class's code. */
async function guest(name: string, joinCode = code): Promise<Someone> {
	const browser = new Browser(web.url);
	await browser.post(`/join/${joinCode}?/guest`, { name });
	const { db } = database.connection;
	const [row] = await db.select().from(users).where(eq(users.name, name));
	return { id: row!.id, name, email: '', browser };
}

const settings = (act: string, form: Record<string, string> = {}) =>
	[`/classes/${classId}/settings/${act.replace('.', '?/')}`, form] as const;
const page = async ({ browser }: Someone, path: string) => (await browser.get(path)).text();
const now = async () => (await classById(database.connection.db, classId))!;
const role = (userId: string) => roleIn(database.connection.db, classId, userId);
const FORM = {
	...{ name: 'Containers', retentionDays: '90', idleMinutes: '60' },
	...{ sandboxMemory: '2048', sandboxCpus: '0.5', sandboxPids: '1024', sandboxDisk: '4096' },
};

let teacher: Someone;
beforeEach(async () => {
	const made = await createClass(database.connection.db, {
		name: 'Docker 101',
		labs: [LAB, SECOND],
	});
	classId = made.id;
	code = made.joinCode;
	teacher = await someone('Iris', 'instructor');
});

describe('who makes classes', () => {
	it('is decided by the one who runs the server, and by nobody else', async () => {
		const admin = await someone('Root', undefined, { admin: true });
		const newcomer = await someone('Nora');
		const grant = { user: newcomer.id, on: 'true' };
		for (const { browser } of [newcomer, teacher, await guest('Gus')]) {
			expect((await browser.get('/classes/new')).status).toBe(403);
			expect((await browser.post('/classes/new?/create', FORM)).status).toBe(403);
			expect((await browser.get('/people')).status).toBe(403);
			expect((await browser.post('/people?/instructor', grant)).status).toBe(403);
		}
		const found = await page(admin, `/people?q=${encodeURIComponent(newcomer.email)}`);
		expect(found).toContain(newcomer.email);
		expect(found).not.toContain(teacher.email);
		expect((await admin.browser.post('/people?/instructor', grant)).status).toBe(200);
		expect((await newcomer.browser.get('/classes/new')).status).toBe(200);
		await admin.browser.post('/people?/instructor', { ...grant, on: 'false' });
		expect((await newcomer.browser.get('/classes/new')).status).toBe(403);
		const odd = await admin.browser.post('/people?/instructor', { user: '\0', on: 'true' });
		expect(odd.status).toBe(400);
	});

	it('makes one with its labs in the order chosen, also without scripts', async () => {
		const author = await someone('Nora', undefined, { instructor: true });
		const send = (act: string, move?: string, fields: Record<string, string> = FORM) => {
			const body = new URLSearchParams(fields);
			for (const slug of [LAB, SECOND]) body.append('order', slug);
			body.append('lab', LAB);
			body.append('lab', SECOND);
			if (move) body.append('move', move);
			const headers = { accept: 'text/html' };
			return author.browser.send(`/classes/new?/${act}`, { method: 'POST', body, headers });
		};
		const arranged = await (await send('arrange', `up:${SECOND}`)).text();
		const places = [SECOND, LAB].map((slug) => arranged.indexOf(`value="${slug}"`));
		expect(places).toEqual(places.toSorted((a, b) => a - b));
		expect(arranged).toContain('value="Containers"');
		const nameless = await send('create', undefined, { ...FORM, name: ' \u200b ' });
		expect(nameless.status).toBe(400);
		expect(await nameless.text()).toContain('Give the class a name.');
		const made = await send('create', `up:${SECOND}`);
		expect(made.status).toBe(303);
		classId = made.headers.get('location')!.slice('/classes/'.length);
		expect(await now()).toMatchObject({ name: 'Containers', retentionDays: 90, idleMinutes: 60 });
		expect(await role(author.id)).toBe('instructor');
		const rows = await database.connection.sql`
			select lab_slug from class_labs where class_id = ${classId} order by position`;
		expect(rows.map((row) => row['lab_slug'] as string)).toEqual([SECOND, LAB]);
	});
});

describe('TAs and students', () => {
	it('administer nothing', async () => {
		const [ta, student] = [await someone('Tom', 'ta'), await someone('Ada', 'student')];
		for (const [matter, act] of EVERY_ADMIN_ACT) {
			const [path] = settings(`${matter}.${act}`);
			for (const { browser } of [ta, student]) {
				expect((await browser.post(path, { user: student.id })).status, act).toBe(403);
			}
		}
		expect((await now()).joinCode).toBe(code);
		expect((await student.browser.get(settings('people')[0])).status).toBe(403);
		expect(await page(ta, settings('people')[0])).toContain('Ada');
		expect(await page(ta, settings('joining')[0])).toContain(code);
		expect((await ta.browser.get(settings('labs')[0])).status).toBe(403);
		expect((await ta.browser.get(settings('preflight')[0])).status).toBe(403);
		const entered = await ta.browser.get(`/classes/${classId}/settings`);
		expect(entered.headers.get('location')).toBe(`/classes/${classId}/settings/people`);
	});
});

describe('a preflight', () => {
	it('says so when the sandboxes can’t be reached, and asks for a number of students', async () => {
		const [path] = settings('preflight');
		expect(await page(teacher, path)).toContain('The sandboxes can’t be reached just now');
		const begin = async (students: string) =>
			teacher.browser.post(...settings('preflight.begin', { students }));
		expect((await begin('40')).status).toBe(503);
		for (const odd of ['', '0', '1.5', '1001', 'all']) expect((await begin(odd)).status).toBe(400);
	});
});

describe('labs', () => {
	it('leave a class without what was done in them, and come in another order', async () => {
		const student = await someone('Ada', 'student');
		const opened = await student.browser.get(`/classes/${classId}/labs/${LAB}`);
		const work = opened.headers.get('location')!;
		await teacher.browser.post(...settings('labs.save', { order: SECOND, lab: SECOND }));
		expect(await page(student, `/classes/${classId}`)).not.toContain(`/labs/${LAB}`);
		expect((await student.browser.get(`/classes/${classId}/labs/${LAB}`)).status).toBe(404);
		expect(await page(teacher, `/classes/${classId}`)).toContain(`href="${work}"`);
		expect((await teacher.browser.get(`${work}/attempts`)).status).toBe(200);
	});
});

describe('the code', () => {
	it('changes, closes and opens', async () => {
		const joins = async (joinCode: string) => {
			const name = `Guest ${newId(8)}`;
			const response = await new Browser(web.url).post(`/join/${joinCode}?/guest`, { name });
			const { db } = database.connection;
			const [row] = await db.select().from(users).where(eq(users.name, name));
			return { in: row !== undefined, status: response.status };
		};
		await teacher.browser.post(...settings('joining.rotate'));
		const { joinCode } = await now();
		expect(joinCode).not.toBe(code);
		expect((await joins(code)).in).toBe(false);
		await teacher.browser.post(...settings('joining.close'));
		expect((await joins(joinCode)).in).toBe(false);
		await teacher.browser.post(...settings('joining.open'));
		expect((await joins(joinCode)).in).toBe(true);
	});
});

describe('members', () => {
	it('become TA and student again', async () => {
		const student = await someone('Ada', 'student');
		const become = (to: string) =>
			teacher.browser.post(...settings('people.role', { user: student.id, role: to }));
		expect(await (await become('ta')).text()).toContain('Ada is a TA now.');
		expect((await student.browser.get(settings('people')[0])).status).toBe(200);
		await become('student');
		expect((await student.browser.get(settings('people')[0])).status).toBe(403);
		expect((await become('janitor')).status).toBe(400);
	});

	it('keep one instructor, whoever tries what at once', async () => {
		const demote = (by: Someone, user: string) =>
			by.browser.post(...settings('people.role', { user, role: 'ta' }));
		const alone = await demote(teacher, teacher.id);
		expect(alone.status).toBe(400);
		expect(await alone.text()).toContain('A class keeps at least one instructor.');
		const self = settings('people.remove', { user: teacher.id });
		expect((await teacher.browser.post(...self)).status).toBe(400);
		const colleague = await someone('Ivo');
		const invite = (email: string) =>
			teacher.browser.post(...settings('people.instructor', { email }));
		expect((await invite('nobody@example.org')).status).toBe(400);
		expect((await invite(colleague.email.toUpperCase())).status).toBe(200);
		expect(await role(colleague.id)).toBe('instructor');
		await Promise.all([demote(teacher, colleague.id), demote(colleague, teacher.id)]);
		const roles = [await role(teacher.id), await role(colleague.id)];
		expect(roles.toSorted()).toEqual(['instructor', 'ta']);
	});

	it('are no instructors by a code alone', async () => {
		const known = await guest(`Gil ${newId(8)}`);
		const promote = (to: string) =>
			teacher.browser.post(...settings('people.role', { user: known.id, role: to }));
		expect((await promote('instructor')).status).toBe(400);
		expect((await promote('ta')).status).toBe(200);
	});

	it('are removed with their work kept, stay out, and are let back in as they were', async () => {
		const { sql } = database.connection;
		const student = await someone('Ada', 'student');
		await sql`update members set student_number = 'S-1' where user_id = ${student.id}`;
		const opened = await student.browser.get(`/classes/${classId}/labs/${LAB}`);
		const work = opened.headers.get('location')!;
		const hand = { method: 'POST', body: '{"question":""}' };
		await student.browser.send(`${work}/hand`, hand);
		await teacher.browser.post(...settings('people.remove', { user: student.id }));
		expect((await student.browser.get(`/classes/${classId}`)).status).toBe(404);
		expect((await student.browser.get(`${work}/attempts`)).status).toBe(404);
		expect((await teacher.browser.get(`${work}/attempts`)).status).toBe(200);
		await student.browser.post(`/join/${code}?/member`);
		expect(await role(student.id)).toBeUndefined();
		const readmit = settings('people.readmit', { user: student.id });
		expect((await teacher.browser.post(...readmit)).status).toBe(200);
		expect((await student.browser.get(`${work}/attempts`)).status).toBe(200);
		const rows = await sql`
			select m.student_number, (select count(*)::int from hands where lowered_at is null) as up
			from members m where m.user_id = ${student.id}`;
		expect(rows[0]).toEqual({ student_number: 'S-1', up: 0 });
		expect((await teacher.browser.post(...readmit)).status).toBe(400);
	});

	it('get a new return code from staff, shown once', async () => {
		const known = await guest(`Gil ${newId(8)}`);
		const issued = await teacher.browser.post(...settings('people.code', { user: known.id }));
		const shown = /<output[^>]*aria-label="Return code"[^>]*>([^<]+)</.exec(await issued.text());
		expect(shown?.[1]?.trim().length).toBeGreaterThan(10);
		expect(await page(teacher, settings('people')[0])).not.toContain(shown![1]!.trim());
		expect((await known.browser.get('/classes')).status).toBe(303);
		const account = await someone('Ada', 'student');
		const none = await teacher.browser.post(...settings('people.code', { user: account.id }));
		expect(none.status).toBe(400);
	});
});

describe('an archived class', () => {
	it('leaves the lists, lets nobody in or begin, stays readable, and comes back', async () => {
		const student = await someone('Ada', 'student');
		const opened = await student.browser.get(`/classes/${classId}/labs/${LAB}`);
		await teacher.browser.post(...settings('class.archive'));
		const begun = await student.browser.get(`/classes/${classId}/labs/${SECOND}`);
		expect(begun.status).toBe(409);
		const again = await student.browser.get(`/classes/${classId}/labs/${LAB}`);
		expect(again.headers.get('location')).toBe(opened.headers.get('location'));
		expect((await new Browser(web.url).post(`/join/${code}?/guest`, { name: 'X' })).status).toBe(
			403,
		);
		expect(await page(student, '/classes')).toMatch(/You are in no class yet[\s\S]*Archived/);
		const restore = { class: classId };
		expect((await student.browser.post('/classes?/restore', restore)).status).toBe(403);
		expect((await teacher.browser.post('/classes?/restore', restore)).status).toBe(200);
		expect((await now()).archivedAt).toBeNull();
		expect(await page(student, '/classes')).not.toContain('Archived');
	});
});

describe('settings', () => {
	it('are refused in words, and kept when they are right', async () => {
		const save = (fields: Record<string, string>) =>
			teacher.browser.post(...settings('class.save', { ...FORM, ...fields }));
		const wrongs: Record<string, string>[] = [
			...[{ retentionDays: '0' }, { retentionDays: 'x' }],
			{ idleMinutes: '-1' },
			...[
				{ sandboxMemory: '1' },
				{ sandboxCpus: 'x' },
				{ sandboxPids: '' },
				{ sandboxDisk: '1e9' },
			],
		];
		for (const wrong of wrongs) {
			expect((await save(wrong)).status, JSON.stringify(wrong)).toBe(400);
		}
		expect(await (await save({ name: 'x'.repeat(121) })).text()).toContain('at most 120');
		await save({ idleMinutes: 'never', asksStudentNumber: 'on' });
		expect(await now()).toMatchObject({
			...{ name: 'Containers', retentionDays: 90, idleMinutes: null, asksStudentNumber: true },
			...{ sandboxMemory: 2048, sandboxCpus: 0.5, sandboxPids: 1024, sandboxDisk: 4096 },
		});
	});

	it('write each change into the audit', async () => {
		const student = await someone('Ada', 'student');
		const user = student.id;
		for (const act of [
			settings('labs.save', { order: LAB, lab: LAB }),
			settings('joining.rotate'),
			settings('joining.close'),
			settings('joining.open'),
			settings('people.role', { user, role: 'ta' }),
			settings('people.remove', { user }),
			settings('people.readmit', { user }),
			settings('class.save', FORM),
			settings('class.archive'),
			settings('class.restore'),
		]) {
			expect((await teacher.browser.post(...act)).status, act[0]).toBe(200);
		}
		const { db } = database.connection;
		const entries = await db
			.select()
			.from(audit)
			.where(eq(audit.classId, classId))
			.orderBy(audit.id);
		expect(entries.map((entry) => entry.action)).toEqual([
			...['class.labs', 'class.code', 'class.close', 'class.open'],
			...['member.role', 'member.remove', 'member.readmit'],
			...['class.settings', 'class.archive', 'class.restore'],
		]);
		expect(new Set(entries.map((entry) => entry.actorId))).toEqual(new Set([teacher.id]));
		expect(JSON.stringify(entries)).not.toContain((await now()).joinCode);
	});
});

describe('one account in two classes', () => {
	it('is in each what it is there', async () => {
		const { db } = database.connection;
		const first = classId;
		const both = await someone('Bo', 'student');
		const classmate = await someone('Clara', 'student');
		const opened = await classmate.browser.get(`/classes/${first}/labs/${LAB}`);
		const theirs = opened.headers.get('location')!;
		({ id: classId } = await createClass(db, { name: 'Evening class', labs: [LAB] }));
		await addMember(db, { classId, userId: both.id, role: 'instructor' });
		const pupil = await someone('Dan', 'student');
		const pupils = (await pupil.browser.get(`/classes/${classId}/labs/${LAB}`)).headers;

		expect((await both.browser.get(`${pupils.get('location')}/attempts`)).status).toBe(200);
		expect((await both.browser.get(settings('labs')[0])).status).toBe(200);
		expect((await both.browser.get(`${theirs}/attempts`)).status).toBe(404);
		const asStudent = await page(both, `/classes/${first}`);
		expect(asStudent).not.toContain('Clara');
		expect(asStudent).not.toContain(code);
		expect((await both.browser.get(`/classes/${first}/settings/people`)).status).toBe(403);
		// A hand of the other class can't be lowered from the class that one teaches.
		await classmate.browser.send(`${theirs}/hand`, { method: 'POST', body: '{"question":""}' });
		const answer = { workspace: theirs.slice('/w/'.length) };
		const lowered = await both.browser.post(`/classes/${classId}?/answered`, answer);
		expect(lowered.status).toBe(404);
		// One's own work on the same lab is another in each class.
		const own = await Promise.all(
			[first, classId].map(
				async (id) => (await both.browser.get(`/classes/${id}/labs/${LAB}`)).headers,
			),
		);
		expect(new Set(own.map((headers) => headers.get('location'))).size).toBe(2);
	});
});

describe('a class in session', () => {
	const act = (who: Someone, action: string, form: Record<string, string>) =>
		who.browser.post(`/classes/${classId}?/${action}`, form);
	const sessions = () => sessionsOf(database.connection.db, classId, new Date());

	it('is begun, lengthened and ended by its instructors alone, and everyone sees it', async () => {
		const assistant = await someone('Tim', 'ta');
		const student = await someone('Sam', 'student');
		for (const who of [assistant, student]) {
			expect((await act(who, 'start', { minutes: '90' })).status).toBe(403);
		}
		expect((await act(await someone('Nora'), 'start', { minutes: '90' })).status).toBe(404);
		expect((await act(teacher, 'start', { minutes: '0' })).status).toBe(400);
		expect((await act(teacher, 'start', { minutes: '90' })).status).toBe(200);
		expect((await act(teacher, 'start', { minutes: '90' })).status).toBe(409);
		const [session] = await sessions();
		const form = { session: session!.id };
		for (const who of [teacher, assistant, student]) {
			expect(await page(who, `/classes/${classId}`)).toContain('In session until');
		}
		expect(await page(student, `/classes/${classId}`)).not.toContain('End the session');
		expect((await act(student, 'end', form)).status).toBe(403);
		expect((await act(teacher, 'longer', form)).status).toBe(200);
		const [longer] = await sessions();
		expect(longer!.endsAt.getTime() - session!.endsAt.getTime()).toBe(15 * 60_000);
		expect((await act(teacher, 'end', form)).status).toBe(200);
		expect(await sessions()).toEqual([]);
		expect((await act(teacher, 'end', form)).status).toBe(409);
		expect(await page(student, `/classes/${classId}`)).not.toContain('In session until');
	});

	it('is planned for a time to come, in the zone of who plans it, and cancelled', async () => {
		const startsAt = new Date(Date.now() + 86_400_000);
		startsAt.setSeconds(0, 0);
		const form = { at: '2001-01-01T09:00', minutes: '60' };
		expect((await act(teacher, 'plan', form)).status).toBe(400);
		const iso = startsAt.toISOString();
		expect((await act(teacher, 'plan', { ...form, startsAt: iso })).status).toBe(200);
		expect((await act(teacher, 'plan', { ...form, startsAt: iso })).status).toBe(409);
		const [planned] = await sessions();
		expect(planned).toMatchObject({ startsAt, endsAt: new Date(startsAt.getTime() + 3_600_000) });
		const student = await someone('Sam', 'student');
		expect(await page(student, `/classes/${classId}`)).toContain('Next session');
		const another = await createClass(database.connection.db, { name: 'Another', labs: [] });
		await addMember(database.connection.db, {
			...{ classId: another.id, userId: teacher.id, role: 'instructor' },
		});
		const elsewhere = `/classes/${another.id}?/end`;
		const cancelled = { session: planned!.id };
		expect((await teacher.browser.post(elsewhere, cancelled)).status).toBe(409);
		expect((await act(teacher, 'end', cancelled)).status).toBe(200);
		expect(await sessions()).toEqual([]);
	});
});
