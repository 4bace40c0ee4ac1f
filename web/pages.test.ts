// Who reaches what: every route for every kind of person, origins, sessions and joining.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertAttempt, settle } from '@containrlab/db/queries/attempts.ts';
import { keepLabVersion, openWorkspace } from '@containrlab/db/queries/workspaces.ts';
import { readCatalog } from '@containrlab/labs/catalog.ts';
import { fileURLToPath } from 'node:url';
import { newId } from '@containrlab/protocol/id.ts';
import { testDatabase, type TestDatabase } from '@containrlab/db/testing.ts';
import {
	BUILD_MS,
	Browser,
	classroom,
	LAB,
	startWeb,
	type Classroom,
	type TestWeb,
} from './testing.ts';

let database: TestDatabase;
let web: TestWeb;
let room: Classroom;
let workspace: string;
let attempt: string;
type Who = 'anonymous' | 'outsider' | 'other' | 'student' | 'ta' | 'instructor';
let browsers: Record<Who, Browser>;

beforeAll(async () => {
	database = await testDatabase();
	const { db } = database.connection;
	web = await startWeb({ databaseUrl: database.url });
	room = await classroom(db);
	const { labs } = await readCatalog(fileURLToPath(new URL('../labs', import.meta.url)));
	const lab = labs.find((each) => each.slug === LAB)!;
	await keepLabVersion(db, lab);
	const ownerId = room.people.student.id;
	({ id: workspace } = await openWorkspace(db, { classId: room.class.id, ownerId, lab }));
	attempt = newId();
	await db.transaction((tx) =>
		insertAttempt(tx, {
			...{ id: attempt, workspaceId: workspace, submittedBy: ownerId, source: 'drained' },
			...{ logSeq: 1, labDigest: lab.digest, left: [] },
			files: [{ kind: 'link', path: '<img src=x onerror=alert(1)>', target: '"><script>' }],
		}),
	);
	await settle(
		db,
		{ id: attempt, try: 1 },
		{
			verdict: {
				status: 'failed',
				failures: [{ code: 'x', message: 'm', hint: 'h', evidence: [] }],
				checks: [
					{
						...{ id: 'x', title: 'x', phase: 'build', status: 'failed', durationMs: 1 },
						failure: {
							...{ code: 'x', message: '<b>hostile</b>', hint: 'h' },
							teaches: { anchor: 'build', title: '<b>hostile</b>' },
							evidence: [{ kind: 'output', label: 'log', text: '</pre><script>alert(1)</script>' }],
						},
					},
				],
				metrics: { durationMs: 1 },
			},
			...{ judgeDigest: null, phases: [], log: [] },
		},
	);
	const signedIn = (email: string) => new Browser(web.url).signIn(email);
	const { instructor, ta, student, other, outsider } = room.people;
	browsers = {
		anonymous: new Browser(web.url),
		outsider: await signedIn(outsider.email),
		other: await signedIn(other.email),
		student: await signedIn(student.email),
		ta: await signedIn(ta.email),
		instructor: await signedIn(instructor.email),
	};
}, BUILD_MS);
afterAll(async () => {
	await web?.[Symbol.asyncDispose]();
	await database?.[Symbol.asyncDispose]();
});

const everyone: Who[] = ['anonymous', 'outsider', 'other', 'student', 'ta', 'instructor'];
const join = () => `/join/${room.class.joinCode}`;

/** What each of them gets, in the order of `everyone`. */
const PAGES: [string, () => string, number[]][] = [
	['landing', () => '/', [200, 303, 303, 303, 303, 303]],
	['sign in', () => '/signin', [200, 303, 303, 303, 303, 303]],
	['sign up', () => '/signup', [200, 303, 303, 303, 303, 303]],
	['enter a code', () => '/join', [200, 200, 200, 200, 200, 200]],
	['join link', join, [200, 200, 200, 200, 200, 200]],
	['my classes', () => '/classes', [303, 200, 200, 200, 200, 200]],
	['class', () => `/classes/${room.class.id}`, [303, 404, 200, 200, 200, 200]],
	['a new class', () => '/classes/new', [303, 403, 403, 403, 403, 403]],
	['who may teach', () => '/people', [303, 403, 403, 403, 403, 403]],
	...(
		[
			['people', 200],
			['joining', 200],
			['labs', 403],
			['class', 403],
			['preflight', 403],
		] as const
	).map(([matter, forTa]): (typeof PAGES)[number] => [
		`settings: ${matter}`,
		() => `/classes/${room.class.id}/settings/${matter}`,
		[303, 404, 403, 403, forTa, 200],
	]),
	[
		'attempts of the class',
		() => `/classes/${room.class.id}/attempts`,
		[303, 404, 403, 403, 200, 200],
	],
	['an unknown lab', () => `/classes/${room.class.id}/labs/99-no`, [303, 404, 404, 404, 404, 404]],
	['workspace data', () => `/w/${workspace}/__data.json`, [303, 404, 404, 200, 200, 200]],
	['attempts of the workspace', () => `/w/${workspace}/attempts`, [303, 404, 404, 200, 200, 200]],
	['attempt', () => `/attempts/${attempt}`, [303, 404, 404, 200, 200, 200]],
	['no such workspace', () => `/w/${newId()}/attempts`, [303, 404, 404, 404, 404, 404]],
	['the way here', () => '/reach', [200, 200, 200, 200, 200, 200]],
	['health', () => '/healthz', [200, 200, 200, 200, 200, 200]],
];

describe('who reaches what', () => {
	it.each(PAGES)('%s', async (_name, path, expected) => {
		const got = [];
		for (const who of everyone) {
			const response = await browsers[who].get(path());
			got.push(await statusOf(response));
		}
		expect(got).toEqual(expected);
	});

	/** Data requests answer 200 with the error or redirect inside. */
	async function statusOf(response: Response): Promise<number> {
		const text = await response.text();
		if (!response.headers.get('content-type')?.includes('json')) return response.status;
		const body = JSON.parse(text.split('\n')[0]!) as {
			type?: string;
			nodes?: ({ type: string; status?: number; error?: { status?: number } } | null)[];
		};
		if (body.type === 'redirect') return 303;
		const failed = body.nodes?.find((node) => node?.type === 'error');
		return failed ? (failed.status ?? failed.error?.status ?? 500) : response.status;
	}

	it.each([
		['start a sandbox', 'POST', () => `/w/${workspace}/sandbox`, [401, 404, 404, 503, 503, 503]],
		[
			'extend a sandbox',
			'POST',
			() => `/w/${workspace}/sandbox/extend`,
			[401, 404, 404, 503, 503, 503],
		],
		['end a sandbox', 'DELETE', () => `/w/${workspace}/sandbox`, [401, 404, 404, 503, 503, 503]],
		[
			'restart a sandbox',
			'POST',
			() => `/w/${workspace}/sandbox/restart`,
			[401, 404, 404, 503, 503, 503],
		],
		['reset a workspace', 'POST', () => `/w/${workspace}/reset`, [401, 404, 404, 503, 503, 503]],
		['submit', 'POST', () => `/w/${workspace}/submit`, [401, 404, 404, 503, 403, 403]],
		['raise a hand', 'POST', () => `/w/${workspace}/hand`, [401, 404, 404, 200, 403, 403]],
		['lower a hand', 'DELETE', () => `/w/${workspace}/hand`, [401, 404, 404, 200, 200, 200]],
		['say which file', 'POST', () => `/w/${workspace}/here`, [401, 404, 404, 204, 403, 403]],
	] as const)('%s', async (_name, method, path, expected) => {
		const body =
			method === 'POST' ? JSON.stringify({ question: '', file: 'app.py', sandbox: true }) : null;
		const got = [];
		for (const who of everyone) {
			got.push((await browsers[who].send(path(), { method, body })).status);
		}
		expect(got).toEqual(expected);
	});

	it('takes no path and no question that no page would send', async () => {
		const send = (path: string, body: string) =>
			browsers.student.send(`/w/${workspace}/${path}`, { method: 'POST', body });
		for (const file of ['../etc/passwd', '/etc/passwd', 'a\u202eb', 'x'.repeat(2_000), 7]) {
			expect((await send('here', JSON.stringify({ file }))).status, String(file)).toBe(400);
		}
		expect((await send('hand', JSON.stringify({ question: 'x'.repeat(201) }))).status).toBe(400);
		expect((await send('hand', 'not json')).status).toBe(400);
	});

	it('shows the join code to staff alone', async () => {
		const page = async (who: Who) => (await browsers[who].get(`/classes/${room.class.id}`)).text();
		expect(await page('ta')).toContain(room.class.joinCode);
		expect(await page('student')).not.toContain(room.class.joinCode);
		expect(await page('student')).not.toContain(room.people.other.id);
	});

	it('shows hostile names and outputs as text', async () => {
		const page = await (await browsers.ta.get(`/attempts/${attempt}`)).text();
		expect(page).toContain('&lt;b>hostile&lt;/b>');
		expect(page).not.toContain('<script>alert');
		expect(page).not.toContain('<img src=x');
		// What a failed check says to read again is a link into the lab's text.
		expect(page).toMatch(new RegExp(`href="/w/${workspace}#part-build"[^>]*>&lt;b>hostile`));
	});
});

describe('where requests come from', () => {
	const from = (origin: string | undefined, init: RequestInit, path = '/signin') => {
		const headers = new Headers(init.headers);
		if (origin !== undefined) headers.set('origin', origin);
		return fetch(new URL(path, web.url), { ...init, headers, redirect: 'manual' });
	};
	const form = { method: 'POST', body: new URLSearchParams({ email: 'a@b.c', password: 'x' }) };
	const json = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } };

	it.each([
		['a form of another site', 'https://evil.example', form],
		['JSON of another site', 'https://evil.example', json],
		['a form of no known origin', 'null', form],
		['JSON without an origin', undefined, json],
		['https for http', 'https://127.0.0.1', form],
	] as const)('refuses %s', async (_name, origin, init) => {
		expect((await from(origin, init)).status).toBe(403);
	});

	it('takes forms under whatever name the browser shows', async () => {
		const local = `http://localhost:${web.port}`;
		const response = await fetch(`${local}/signin`, {
			...form,
			headers: { origin: local, accept: 'text/html' },
		});
		expect(response.status).toBe(400);
		expect(await response.text()).toContain('No account has this');
	});

	it('sends the headers that keep pages to themselves', async () => {
		const { headers } = await browsers.anonymous.get('/');
		const csp = headers.get('content-security-policy') ?? '';
		expect(csp).toMatch(/script-src 'self' 'nonce-[^']+'(;|$)/);
		expect(csp).toContain("frame-ancestors 'none'");
		expect(headers.get('x-content-type-options')).toBe('nosniff');
		expect(headers.get('referrer-policy')).toBe('same-origin');
		expect(headers.get('cache-control')).toContain('no-store');
	});
});

describe('sessions', () => {
	const setCookies = (response: Response) => response.headers.getSetCookie().join('\n');

	it('are http-only, lax, and secure where the page is https', async () => {
		await using behindTls = await startWeb({
			databaseUrl: database.url,
			origin: 'https://class.example',
		});
		const body = new URLSearchParams({ name: 'Ann' });
		const plain = await browsers.anonymous.send(`${join()}?/guest`, {
			...{ method: 'POST', body, headers: { accept: 'text/html' } },
		});
		browsers.anonymous.cookie = undefined;
		expect(setCookies(plain)).toMatch(/HttpOnly/i);
		expect(setCookies(plain)).toMatch(/SameSite=Lax/i);
		expect(setCookies(plain)).not.toMatch(/Secure/i);
		const secure = await requestWithHost(behindTls.port, `${join()}?/guest`);
		expect(secure.status).toBe(303);
		expect(secure.cookie).toMatch(/Secure/i);
	});

	it('get a new id at each change of identity, and the old one is worth nothing', async () => {
		const browser = await new Browser(web.url).signIn(room.people.other.email);
		const before = browser.cookie!;
		await browser.post(`${join()}?/guest`, { name: 'Someone' });
		expect(browser.cookie).not.toBe(before);
		const old = new Browser(web.url);
		old.cookie = before;
		expect((await old.get('/classes')).status).toBe(303);
		await browser.post('/signout');
		expect(browser.cookie).toBeUndefined();
	});

	it('answer the same for a wrong password and an unknown account', async () => {
		const browser = new Browser(web.url);
		const texts = [];
		for (const email of [room.people.other.email, 'nobody@example.org']) {
			const response = await browser.post('/signin', { email, password: 'wrong' });
			expect(response.status).toBe(400);
			texts.push((await response.text()).includes('No account has this e-mail and password.'));
		}
		expect(texts).toEqual([true, true]);
	});

	it('admit forty people who join from one address at once', async () => {
		const joined = await Promise.all(
			Array.from({ length: 40 }, (_, index) =>
				new Browser(web.url).post(`${join()}?/guest`, { name: `Guest ${index}` }),
			),
		);
		expect(new Set(joined.map((response) => response.status))).toEqual(new Set([303]));
	});

	it('lead back only to paths of ours', async () => {
		for (const next of ['//evil.example', 'https://evil.example', '/\\evil.example']) {
			const browser = new Browser(web.url);
			const response = await browser.post(`/signin?next=${encodeURIComponent(next)}`, {
				...{ email: room.people.other.email, password: 'correct horse battery' },
			});
			expect(response.headers.get('location')).toBe('/classes');
		}
	});
});

describe('joining', () => {
	it('takes a code as people type it, and opens one workspace however often one clicks', async () => {
		const guest = new Browser(web.url);
		const typed = room.class.joinCode.toLowerCase().replace(/^(.....)/, '$1 -');
		const entered = await guest.post('/join', { code: typed });
		expect(entered.headers.get('location')).toBe(join());
		await guest.post(`${join()}?/guest`, { name: '  Grace \u202eHopper ' });
		expect(await (await guest.get('/classes')).text()).toContain('Grace Hopper');
		const path = `/classes/${room.class.id}/labs/${LAB}`;
		const opened = await Promise.all(Array.from({ length: 10 }, () => guest.get(path)));
		const locations = new Set(opened.map((response) => response.headers.get('location')));
		expect(locations.size).toBe(1);
		const id = [...locations][0]!.slice('/w/'.length);
		const rows = await database.connection.sql`
			select count(*)::int as updates from doc_updates where room = ${`workspace:${id}`}`;
		expect(rows[0]).toEqual({ updates: 1 });
	});

	it('finds no class behind an unknown code', async () => {
		const response = await new Browser(web.url).post('/join/AAAAAAAAAA?/guest', { name: 'X' });
		expect(response.status).toBe(404);
	});

	it('lets an instructor remove a student, who then reaches nothing', async () => {
		const guest = new Browser(web.url);
		await guest.post(`${join()}?/guest`, { name: 'Removed' });
		const opened = await guest.get(`/classes/${room.class.id}/labs/${LAB}`);
		const own = opened.headers.get('location')!;
		const [row] = await database.connection.sql<{ owner_id: string }[]>`
			select owner_id from workspaces where id = ${own.slice(3)}`;
		const remove = `/classes/${room.class.id}/settings/people?/remove`;
		for (const who of ['student', 'ta'] as const) {
			const response = await browsers[who].post(remove, { user: row!.owner_id });
			expect(response.status).toBe(403);
		}
		expect((await guest.get(`${own}/attempts`)).status).toBe(200);
		const byInstructor = await browsers.instructor.post(remove, { user: row!.owner_id });
		expect(byInstructor.status).toBe(200);
		expect((await guest.get(`${own}/attempts`)).status).toBe(404);
	});
});

/** fetch chooses its own Host; this one names the public host of a server behind TLS. */
async function requestWithHost(port: number, path: string) {
	const { request } = await import('node:http');
	return new Promise<{ status: number; cookie: string }>((resolve, reject) => {
		const headers = {
			...{ host: 'class.example', origin: 'https://class.example', accept: 'text/html' },
			'content-type': 'application/x-www-form-urlencoded',
		};
		const sent = request({ port, path, method: 'POST', headers }, (response) => {
			response.resume();
			const cookie = (response.headers['set-cookie'] ?? []).join('\n');
			resolve({ status: response.statusCode ?? 0, cookie });
		});
		sent.once('error', reject);
		sent.end('name=Tina');
	});
}
