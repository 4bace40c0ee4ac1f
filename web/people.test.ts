// People: joining, coming back, staying apart, leaving; and what guessing at codes and passwords gains.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addMember } from '@containrlab/db/queries/classes.ts';
import { testDatabase, type TestDatabase } from '@containrlab/db/testing.ts';
import { Auth } from './src/server/auth.ts';
import { EventHub } from './src/server/hub.ts';
import { OpenConnections } from './src/server/revocation.ts';
import { eventStream } from './src/server/sse.ts';
import {
	BUILD_MS,
	Browser,
	classroom,
	LAB,
	PASSWORD,
	startWeb,
	ticketKeys,
	type Classroom,
	type TestWeb,
} from './testing.ts';

const keys = ticketKeys();
let database: TestDatabase;
let web: TestWeb;
let room: Classroom;
let joining: string;

beforeAll(async () => {
	database = await testDatabase();
	web = await startWeb({ databaseUrl: database.url, keys });
	room = await classroom(database.connection.db);
	joining = `/join/${room.class.joinCode}`;
}, BUILD_MS);
afterAll(async () => {
	await web?.[Symbol.asyncDispose]();
	await database?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
	await database.connection.sql`update classes set open = true, asks_student_number = false`;
});

const browser = () => new Browser(web.url);
const words = async (response: Response) => (await response.text()).replace(/\s+/g, ' ');
const account = (who: keyof Classroom['people']) => browser().signIn(room.people[who].email);

/** The code that a page shows once. */
const codeIn = (page: string) => /[A-HJ-NP-Z2-9]{4}(-[A-HJ-NP-Z2-9]{4}){2}/.exec(page)?.[0];

/** Joins as someone new, and reads the return code. */
async function guest(name: string, more: Record<string, string> = {}) {
	const person = browser();
	const joined = await person.post(`${joining}?/guest`, { name, ...more });
	expect(joined.status).toBe(303);
	const page = await words(await person.get(joined.headers.get('location')!));
	return { browser: person, code: codeIn(page)!, shown: joined.headers.get('location')! };
}

async function nameOf(person: Browser): Promise<string> {
	return (await userOf(person)).name;
}

async function userOf(person: Browser) {
	const [row] = await database.connection.sql<{ id: string; name: string; email: string | null }[]>`
		select u.id, u.name, u.email from sessions s join users u on u.id = s.user_id
		where s.id = ${person.cookie ?? ''}`;
	if (!row) throw new Error('nobody is signed in');
	return row;
}

const isSignedIn = async (person: Browser) => (await person.get('/classes')).status === 200;

describe('joining', () => {
	it('says what is recorded, who sees it, and until when', async () => {
		await database.connection.sql`update classes set retention_days = 99`;
		const page = await words(await browser().get(joining));
		expect(page).toContain('what you submit or ask are recorded');
		expect(page).toContain('instructors and TAs');
		expect(page).toContain('deleted 99 days after you last work here');
		await database.connection.sql`update classes set retention_days = 180`;
	});

	it('shows a return code until one goes on, to that person alone', async () => {
		const { browser: person, code, shown } = await guest('Grace');
		expect(await words(await person.get(shown))).toContain(code);
		const next = browser();
		for (const [name, value] of person.cookies) next.cookies.set(name, value);
		next.cookie = (await guest('Someone')).browser.cookie;
		expect(await words(await next.get(shown))).not.toContain(code);
		const on = await person.post(shown);
		expect(on.headers.get('location')).toBe(`/classes/${room.class.id}`);
		expect(await words(await person.get(shown))).toContain('Your code was shown already');
		const kept = await database.connection.sql`select hash from return_codes`;
		expect(JSON.stringify(kept)).not.toContain(code.replaceAll('-', ''));
	});

	it('tells a name apart that is taken, however it is written', async () => {
		await guest('Barbara Liskov');
		for (const name of ['Barbara Liskov', ' barbara  LISKOV', 'Ｂarbara\u200b Liskov', 'Ada']) {
			const again = await browser().post(`${joining}?/guest`, { name });
			expect(again.status, name).toBe(409);
			expect(again.headers.getSetCookie().join()).not.toContain('containrlab_session');
			const page = await words(again);
			expect(page).toContain('is in this class already');
			expect(page).toContain(`href="/return?class=${room.class.joinCode}"`);
		}
		const other = await browser().post(`${joining}?/guest`, { name: 'Barbara L.' });
		expect(other.status).toBe(303);
	});

	it('lets one of many in who come under one name at once', async () => {
		const all = await Promise.all(
			Array.from({ length: 8 }, () => browser().post(`${joining}?/guest`, { name: 'Twin' })),
		);
		const statuses = all.map((response) => response.status).sort();
		expect(statuses).toEqual([303, ...Array.from({ length: 7 }, () => 409)]);
		const rows = await database.connection.sql`select id from users where name = 'Twin'`;
		expect(rows).toHaveLength(1);
	});

	it('asks for a student number where the class wants one', async () => {
		await database.connection.sql`update classes set asks_student_number = true`;
		expect(await words(await browser().get(joining))).toContain('Student number');
		const numberOf = async (person: Browser) =>
			(
				await database.connection.sql<{ student_number: string }[]>`
					select student_number from members where user_id = ${(await userOf(person)).id}`
			)[0]?.student_number;
		for (const number of ['', '  ', 'x'.repeat(41)]) {
			const refused = await browser().post(`${joining}?/guest`, { name: 'Numbered', number });
			expect(refused.status).toBe(400);
		}
		expect((await browser().post(`${joining}?/guest`, { name: 'Numbered' })).status).toBe(400);
		const { browser: person } = await guest('Numbered', { number: ' s 1234 ' });
		expect(await numberOf(person)).toBe('s 1234');

		const outsider = await account('outsider');
		expect((await outsider.post(`${joining}?/member`)).status).toBe(400);
		expect((await outsider.post(`${joining}?/member`, { number: '77' })).status).toBe(303);
		expect(await numberOf(outsider)).toBe('77');
	});

	it('lets a signed-in person of a taken name in under another', async () => {
		const { sql } = database.connection;
		await guest('Eva');
		const eve = browser();
		const form = { name: 'Eva', email: 'eva@example.org', password: PASSWORD };
		await eve.post('/signup', form);
		const refused = await eve.post(`${joining}?/member`);
		expect(refused.status).toBe(409);
		expect(await words(refused)).toContain('Your name from now on');
		expect((await eve.post(`${joining}?/member`, { name: 'Eva M.' })).status).toBe(303);
		expect(await nameOf(eve)).toBe('Eva M.');
		expect(await sql`select name from users where name like 'Eva%' order by name`).toMatchObject([
			...[{ name: 'Eva' }, { name: 'Eva M.' }],
		]);
	});

	it('tells an unknown code from a closed class, which lets its people pass', async () => {
		const { browser: person } = await guest('Early');
		await database.connection.sql`update classes set open = false`;
		expect(await words(await browser().get(joining))).toContain('closed to new people');
		const late = await browser().post(`${joining}?/guest`, { name: 'Late' });
		expect(late.status).toBe(403);
		expect(await words(late)).toContain('closed to new people');
		expect((await browser().post('/join/AAAAAAAAAA?/guest', { name: 'X' })).status).toBe(404);
		expect(await words(await browser().get('/join/AAAAAAAAAA'))).toContain('No class has the code');
		expect(await words(await person.get(joining))).toContain('Continue as Early');
		const passed = await person.post(`${joining}?/member`);
		expect(passed.headers.get('location')).toBe(`/classes/${room.class.id}`);
	});

	it('keeps out whom staff removed, until they let them back', async () => {
		const { sql } = database.connection;
		const { browser: person } = await guest('Removed');
		const { id } = await userOf(person);
		await sql`delete from members where user_id = ${id}`;
		await sql`insert into removals (class_id, user_id) values (${room.class.id}, ${id})`;
		const refused = await person.post(`${joining}?/member`);
		expect(refused.status).toBe(403);
		expect(await words(refused)).toContain('You were removed from this class');
		await sql`delete from removals`;
		expect((await person.post(`${joining}?/member`)).status).toBe(303);
	});

	it('ends at a thousand people: who joins by a program fills no table', async () => {
		const { sql } = database.connection;
		await sql`insert into users (id, name) select 'crowd' || n, 'Crowd ' || n from generate_series(1, 1000) n`;
		await sql`insert into members (class_id, user_id, role)
			select ${room.class.id}, 'crowd' || n, 'student' from generate_series(1, 1000) n`;
		const refused = await browser().post(`${joining}?/guest`, { name: 'One more' });
		expect(refused.status).toBe(403);
		expect(await words(refused)).toContain('This class is full');
		await sql`delete from users where id like 'crowd%'`;
	});

	it('makes nobody an instructor', async () => {
		const person = browser();
		const form = { name: 'Would-be', email: 'would@example.org', password: PASSWORD };
		await person.post('/signup', {
			...form,
			admin: 'true',
			instructor: 'true',
			role: 'instructor',
		});
		const rows = await database.connection.sql`
			select admin, instructor from users where email = ${form.email}`;
		expect(rows).toEqual([{ admin: false, instructor: false }]);
	});
});

describe('a return code', () => {
	it('opens the same work on another device, however it is typed', async () => {
		const { browser: first, code } = await guest('Edsger');
		const opened = await first.get(`/classes/${room.class.id}/labs/${LAB}`);
		const second = browser();
		const path = `/return?class=${room.class.joinCode}`;
		const back = await second.post(path, { code: ` ${code.toLowerCase().replaceAll('-', ' ')}` });
		expect(back.headers.get('location')).toBe(`/classes/${room.class.id}`);
		expect(await userOf(second)).toEqual(await userOf(first));
		expect(second.cookie).not.toBe(first.cookie);
		const again = await second.get(`/classes/${room.class.id}/labs/${LAB}`);
		expect(again.headers.get('location')).toBe(opened.headers.get('location'));
		expect(await isSignedIn(first)).toBe(true);
	});

	it('ends the session of whoever sat there before', async () => {
		const { browser: shared } = await guest('Before');
		const before = browser();
		before.cookie = shared.cookie;
		await shared.post('/return', { code: (await guest('After')).code });
		expect(await nameOf(shared)).toBe('After');
		expect(await isSignedIn(before)).toBe(false);
	});

	it('that nobody has opens nothing, and says what to do', async () => {
		for (const code of ['AAAA-AAAA-AAAA', '', '\0', 'x'.repeat(5_000), room.class.joinCode]) {
			const response = await browser().post('/return', { code });
			expect(response.status).toBe(400);
			expect(await words(response)).toContain('No one has this return code.');
		}
	});

	it('can be made anew by its owner: the old one and other devices end', async () => {
		const { browser: here, code } = await guest('Renewing');
		const elsewhere = browser();
		await elsewhere.post('/return', { code });
		const made = await here.post('/account?/code');
		const next = codeIn(await words(await here.get(made.headers.get('location')!)));
		expect(next).not.toBe(code);
		expect(await isSignedIn(here)).toBe(true);
		expect(await isSignedIn(elsewhere)).toBe(false);
		expect((await browser().post('/return', { code })).status).toBe(400);
		expect((await browser().post('/return', { code: next! })).status).toBe(303);
	});

	it('is made anew by staff for their own students alone', async () => {
		const { sql, db } = database.connection;
		const auth = new Auth(db, keys.privateKey.trim(), async (revocation) => {
			await sql.notify('containrlab_revocations', JSON.stringify(revocation));
		});
		const { browser: student, code } = await guest('Forgetful');
		const { id: userId } = await userOf(student);
		const by = async (who: keyof Classroom['people'], userId: string) => {
			const actor = (await auth.viewer((await account(who)).cookie!))!.viewer;
			return auth.reissueReturnCode({ actor, classId: room.class.id, userId });
		};
		const notAllowed = { ok: false, reason: 'not-allowed' };
		expect(await by('other', userId)).toEqual(notAllowed);
		expect(await by('ta', room.people.outsider.id)).toMatchObject({ ok: false });
		expect(await by('ta', room.people.instructor.id)).toEqual(notAllowed);
		expect(await by('ta', room.people.student.id)).toEqual({ ok: false, reason: 'has-account' });

		const [elsewhere] = await sql<{ id: string }[]>`
			insert into classes (id, name, join_code) values ('elsewhere', 'Elsewhere', 'ELSEWHERE2')
			returning id`;
		await addMember(db, { classId: elsewhere!.id, userId, role: 'student' });
		expect(await by('ta', userId)).toEqual(notAllowed);
		await sql`delete from classes where id = 'elsewhere'`;

		const given = await by('ta', userId);
		if (!given.ok) throw new Error(given.reason);
		expect(await isSignedIn(student)).toBe(false);
		expect((await browser().post('/return', { code })).status).toBe(400);
		const back = browser();
		await back.post('/return', { code: given.code });
		expect((await userOf(back)).id).toBe(userId);
		const audited =
			await sql`select actor_id, subject from audit where action = 'return-code.reissue'`;
		expect(audited).toEqual([{ actor_id: room.people.ta.id, subject: userId }]);
	});
});

describe('an account', () => {
	it('is made of a guest, who loses nothing', async () => {
		const { browser: person, code } = await guest('Growing');
		const work = await person.get(`/classes/${room.class.id}/labs/${LAB}`);
		const before = await userOf(person);
		const old = browser();
		old.cookie = person.cookie;
		const login = { email: 'Growing@example.org', password: PASSWORD };
		const taken = await person.post('/account?/keep', { ...login, email: 'ada@example.org' });
		expect(taken.status).toBe(409);
		expect((await person.post('/account?/keep', { ...login, password: 'short' })).status).toBe(400);
		expect((await browser().post('/return', { code })).status).toBe(303);

		expect((await person.post('/account?/keep', login)).status).toBe(303);
		expect(await userOf(person)).toEqual({ ...before, email: 'growing@example.org' });
		expect(person.cookie).not.toBe(old.cookie);
		expect(await isSignedIn(old)).toBe(false);
		expect((await browser().post('/return', { code })).status).toBe(400);
		const later = await browser().signIn('growing@example.org');
		const again = await later.get(`/classes/${room.class.id}/labs/${LAB}`);
		expect(again.headers.get('location')).toBe(work.headers.get('location'));
	});

	it('changes its name, to none that someone in its classes has', async () => {
		const { browser: person } = await guest('Old Name');
		await guest('Neighbour');
		expect((await person.post('/account?/name', { name: 'NEIGHBOUR' })).status).toBe(409);
		expect((await person.post('/account?/name', { name: '\u200b' })).status).toBe(400);
		expect((await person.post('/account?/name', { name: 'old  name' })).status).toBe(200);
		expect(await nameOf(person)).toBe('old name');
		// Each is told to everyone there, so a program isn't let go on with it.
		const many = Array.from({ length: 10 }, (_, n) =>
			person.post('/account?/name', { name: `X${n}` }),
		);
		const statuses = (await Promise.all(many)).map((response) => response.status);
		expect(new Set(statuses)).toEqual(new Set([200, 429]));
	});

	it('changes its password, which signs out all others', async () => {
		const email = 'changing@example.org';
		const here = browser();
		await here.post('/signup', { name: 'Changing', email, password: PASSWORD });
		const elsewhere = await browser().signIn(email);
		const next = 'another horse battery';
		const change = (current: string) =>
			here.post('/account?/password', { current, password: next });
		expect((await change('wrong')).status).toBe(400);
		expect(await isSignedIn(elsewhere)).toBe(true);
		expect((await change(PASSWORD)).status).toBe(200);
		expect(await isSignedIn(here)).toBe(true);
		expect(await isSignedIn(elsewhere)).toBe(false);
		expect((await browser().post('/signin', { email, password: PASSWORD })).status).toBe(400);
		expect((await browser().post('/signin', { email, password: next })).status).toBe(303);
	});

	it('lists where it is signed in, and signs out one or all', async () => {
		const email = 'listing@example.org';
		const here = browser();
		await here.post('/signup', { name: 'Listing', email, password: PASSWORD });
		const phone = browser();
		const agent = 'Mozilla/5.0 (iPhone) Version/18.0 Safari/604.1';
		await phone.send('/signin', {
			method: 'POST',
			body: new URLSearchParams({ email, password: PASSWORD, shared: 'on' }),
			headers: { accept: 'text/html', 'user-agent': agent },
		});
		const page = await words(await here.get('/account'));
		expect(page).toContain('Safari on an iPhone');
		expect(page).toContain('shared computer');
		expect(page).toContain('this one');
		for (const person of [here, phone]) expect(page).not.toContain(person.cookie);

		const handle = /name="session" value="([^"]+)"/.exec(page)![1]!;
		const stranger = await account('outsider');
		await stranger.post('/account?/end', { session: handle });
		expect(await isSignedIn(phone)).toBe(true);
		await here.post('/account?/end', { session: handle });
		expect(await isSignedIn(phone)).toBe(false);
		expect(await isSignedIn(here)).toBe(true);

		const again = await browser().signIn(email);
		await here.post('/account?/endAll');
		expect(here.cookie).toBeUndefined();
		expect(await isSignedIn(again)).toBe(false);
	});
});

describe('sessions', () => {
	it('of one person are bounded: the one used longest ago ends', async () => {
		const { sql } = database.connection;
		const { browser: person, code } = await guest('Everywhere');
		const { id } = await userOf(person);
		await sql`insert into sessions (id, user_id, expires_at, seen_at)
			select 'older' || n, ${id}, now() + interval '1 day', now() - make_interval(mins => n)
			from generate_series(1, 99) n`;
		expect((await browser().post('/return', { code })).status).toBe(303);
		const ids = await sql<{ id: string }[]>`select id from sessions where user_id = ${id}`;
		expect(ids).toHaveLength(100);
		expect(ids.map((row) => row.id)).not.toContain('older99');
	});
});

describe('leaving', () => {
	it('is at hand for a guest, and reminds of the return code', async () => {
		const { browser: person } = await guest('Leaving');
		expect(await words(await person.get('/classes'))).toContain('Not Leaving? Leave');
		expect(await words(await person.get(joining))).toContain(
			`href="/signout?next=/join/${room.class.joinCode}"`,
		);
		const asked = await person.get(`/signout?next=${joining}`);
		expect(await words(asked)).toContain('return code');
		expect(await isSignedIn(person)).toBe(true);
		const left = await person.post('/signout', { next: joining });
		expect(left.headers.get('location')).toBe(joining);
		expect(person.cookie).toBeUndefined();
	});

	it('leads only to places of ours', async () => {
		const { browser: person } = await guest('Misled');
		const left = await person.post('/signout', { next: '//evil.example' });
		expect(left.headers.get('location')).toBe('/');
	});

	it('clears a shared computer, whose session ends with the browser and soon', async () => {
		const { sql } = database.connection;
		const shared = browser();
		const joined = await shared.post(`${joining}?/guest`, { name: 'Sharing', shared: 'on' });
		const cookie = joined.headers.getSetCookie().find((each) => each.includes('_session='))!;
		expect(cookie).not.toMatch(/Expires|Max-Age/i);
		const hours = async () =>
			Number(
				(
					await sql<{ hours: string }[]>`
						select extract(epoch from expires_at - now()) / 3600 as hours
						from sessions where id = ${shared.cookie!}`
				)[0]!.hours,
			);
		expect(await hours()).toBeCloseTo(2, 1);
		// Used again after an hour and a half, then after three and a half.
		const ago = (minutes: number, seen: number) => sql`
			update sessions set created_at = now() - make_interval(mins => ${minutes}),
				seen_at = now() - make_interval(mins => ${seen}) where id = ${shared.cookie!}`;
		await ago(90, 90);
		expect(await isSignedIn(shared)).toBe(true);
		expect(await hours()).toBeCloseTo(2, 1);
		await ago(210, 60);
		expect(await isSignedIn(shared)).toBe(true);
		expect(await hours()).toBeCloseTo(0.5, 1);
		const left = await shared.post('/signout');
		expect(left.headers.get('location')).toBe('/goodbye?next=%2F');
		expect(await words(await shared.get('/goodbye?next=%2F'))).toContain('You have left');

		const own = await browser().post(`${joining}?/guest`, { name: 'Not sharing' });
		const lasting = own.headers.getSetCookie().find((each) => each.includes('_session='))!;
		expect(lasting).toMatch(/Expires/i);
	});

	it('keeps when a session was last used, to some minutes', async () => {
		const { sql } = database.connection;
		const { browser: person } = await guest('Seen');
		const seen = async () =>
			(await sql`select seen_at::text from sessions where id = ${person.cookie!}`)[0]!['seen_at'];
		const before = await seen();
		await person.get('/classes');
		expect(await seen()).toBe(before);
		await sql`update sessions set seen_at = now() - interval '10 minutes'`;
		await person.get('/classes');
		expect(Date.parse(await seen())).toBeGreaterThan(Date.now() - 60_000);
	});

	it('ends a stream that was opened in the same moment', async () => {
		const { db } = database.connection;
		const auth = new Auth(db, keys.privateKey, async () => {});
		const { browser: person } = await guest('Racing');
		const { viewer } = (await auth.viewer(person.cookie!))!;
		const deps = {
			...{ db, auth, open: new OpenConnections(), log: () => {} },
			hub: new EventHub(database.connection, () => {}),
		};
		await person.post('/signout');
		const reader = eventStream(deps, viewer, undefined).getReader();
		expect((await reader.read()).done).toBe(true);
	});
});

describe('a form that arrives damaged', () => {
	it.each([
		['/signin', 'multipart/form-data; boundary=x', '--x\r\ngarbage'],
		['/signin', 'multipart/form-data', 'no boundary'],
		['/signup', 'multipart/form-data; boundary=x', ''],
		['/return', 'multipart/form-data; boundary=x', '--x--\r\n--x\r\n'],
		['/join', 'multipart/form-data; boundary=x', '\0\0\0'],
		['/account?/name', 'multipart/form-data; boundary=x', '--x'],
		['/signout', 'multipart/form-data; boundary=x', 'x'],
	])('%s as %s answers 400', async (path, type, body) => {
		const { browser: person } = await guest(`Damaged ${path} ${type} ${body.length}`);
		const response = await person.send(path, {
			method: 'POST',
			body,
			headers: { 'content-type': type, accept: 'text/html' },
		});
		expect(response.status).toBe(400);
		expect(await isSignedIn(person)).toBe(true);
	});
});

describe('guessing', () => {
	it('at many codes is told to stop, while a class joins', async () => {
		const guesses = Array.from({ length: 320 }, (_, index) =>
			browser().post('/return', { code: `AAAA-AAAA-${String(index).padStart(4, 'A')}` }),
		);
		const began = performance.now();
		const joined = await Promise.all(
			Array.from({ length: 40 }, (_, index) =>
				browser().post(`${joining}?/guest`, { name: `Pupil ${index}` }),
			),
		);
		const took = performance.now() - began;
		expect(new Set(joined.map((response) => response.status))).toEqual(new Set([303]));
		expect(took).toBeLessThan(10_000);
		const statuses = new Set((await Promise.all(guesses)).map((response) => response.status));
		expect(statuses).toEqual(new Set([400, 429]));
	});

	it('at a teacher’s password doesn’t keep out the teacher on a device of theirs', async () => {
		const { email } = room.people.instructor;
		const own = await browser().signIn(email);
		await own.post('/signout');
		using over = new DisposableStack();
		const abort = new AbortController();
		over.defer(() => abort.abort());
		const wrong = async () => {
			const body = new URLSearchParams({ email, password: 'guess' });
			const headers = { accept: 'text/html' };
			const sent = { method: 'POST', body, headers, signal: abort.signal };
			return (await browser().send('/signin', sent)).status;
		};
		const statuses = await Promise.all(Array.from({ length: 20 }, wrong));
		expect(statuses).toContain(429);
		// Five more may wait, for eight seconds together; with the first refusal they do.
		const later = Array.from({ length: 8 }, wrong);
		const answered = new Set<Promise<number>>();
		for (const each of later) each.then(() => answered.add(each)).catch(() => {});
		expect(await Promise.race(later)).toBe(429);
		await own.signIn(email);
		expect(answered.size).toBeLessThan(later.length);
	});

	it('on a known device is slowed there as well', async () => {
		const { email } = room.people.ta;
		const own = await browser().signIn(email);
		const statuses = await Promise.all(
			Array.from({ length: 12 }, async () => {
				const thief = browser();
				for (const [name, value] of own.cookies) thief.cookies.set(name, value);
				thief.cookie = undefined;
				return (await thief.post('/signin', { email, password: 'guess' })).status;
			}),
		);
		expect(statuses).toContain(429);
		// The cookie opens nothing by itself, and a forged one is none.
		const forged = browser();
		forged.cookies.set('containrlab_device', `x.${room.people.ta.id}~forged`);
		expect((await forged.post('/signin', { email, password: 'guess' })).status).toBe(400);
	});
});
