// Requests that no browser sends: the server refuses them, goes on, and tells its log no secrets.

import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '@containrlab/db/testing.ts';
import { BUILD_MS, Browser, classroom, PASSWORD, startWeb, type TestWeb } from './testing.ts';

let database: TestDatabase;
let web: TestWeb;

beforeAll(async () => {
	database = await testDatabase();
	web = await startWeb({ databaseUrl: database.url });
}, BUILD_MS);
afterAll(async () => {
	await web?.[Symbol.asyncDispose]();
	await database?.[Symbol.asyncDispose]();
});

/** The first line of the answer to a request that is sent as it stands. */
async function raw(target: string, host: string, more = ''): Promise<string> {
	const socket = connect(web.port, '127.0.0.1');
	socket.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}\r\n`);
	const answer = await text(socket).catch((error: Error) => error.message);
	return answer.split('\r\n')[0]!;
}

it.each(['[', ']', 'a:b:c', 'a:99999', '..:..', '[::1', 'a:', '1.2.3.4.5:x'])(
	'survives a Host that no address can have: %s',
	async (host) => {
		expect(await raw('/', host)).toMatch(/^HTTP\/1.1 (200|400|421)/);
		await raw('/sync/workspace:aaaaaaaaaa', host, 'Upgrade: websocket\r\n');
		expect((await fetch(`${web.url}/healthz`)).status).toBe(200);
	},
);

it.each([
	'//',
	'///evil.example/',
	'//evil.example/%2e%2e/',
	'/\\evil.example/',
	'/%',
	'/%c0%ae',
	'http://[',
	'*',
])('answers an odd target without leading anyone away: %s', async (target) => {
	const response = await raw(target, `127.0.0.1:${web.port}`);
	expect(response).toMatch(/^HTTP\/1.1 (400|404)/);
	expect((await fetch(`${web.url}/healthz`)).status).toBe(200);
});

it('takes ids that Postgres cannot hold for unknown ones', async () => {
	const { people, class: found } = await classroom(database.connection.db);
	const browser = await new Browser(web.url).signIn(people.instructor.email);
	for (const path of ['/w/%00', '/attempts/%00', '/classes/%00', '/classes/%00/attempts']) {
		expect((await browser.get(path)).status, path).toBe(404);
	}
	const remove = await browser.post(`/classes/${found.id}/settings/people?/remove`, {
		user: '\0',
	});
	expect(remove.status).toBe(400);
	const signIn = await new Browser(web.url).post('/signin', { email: 'a\0@b.c', password: 'x' });
	expect(signIn.status).toBe(400);
	const forged = new Browser(web.url);
	forged.cookie = '%00';
	expect((await forged.get('/classes')).status).toBe(303);
});

it.each([
	['/join', 'code'],
	['/join/AAAAAAAA?/guest', 'name'],
	['/signup', 'name'],
])('is not held up by half a megabyte of accents on one letter: %s', async (path, field) => {
	const email = `${field}@accents.example`;
	const form = { email, password: PASSWORD, [field]: `a${'\u0301\u0323'.repeat(40_000)}` };
	const began = performance.now();
	const { status } = await new Browser(web.url).post(path, form);
	expect(status).toBeLessThan(500);
	// Put in order, they took many seconds, in which nobody else was answered.
	expect(performance.now() - began).toBeLessThan(2_500);
});

it('lets no answer run scripts or be framed, whoever wrote it', async () => {
	const browser = new Browser(web.url);
	const answers = [
		await browser.get('/nothing'),
		await browser.get('/icon.svg'),
		await browser.get('/_app/nothing'),
		await browser.send('/signin', { method: 'PUT' }),
		await fetch(`${web.url}/signin`, { method: 'POST' }),
		await browser.get('/classes/aaaaaaaa/labs/99-no'),
	];
	for (const { headers, url } of answers) {
		const policy = headers.get('content-security-policy');
		expect(policy, url).toContain("frame-ancestors 'none'");
		expect(policy, url).not.toMatch(/script-src[^;]*unsafe/);
	}
});

it('logs that a query failed, but neither sessions nor people', async () => {
	await using away = await testDatabase();
	await using server = await startWeb({ databaseUrl: away.url });
	const { people } = await classroom(away.connection.db);
	const browser = await new Browser(server.url).signIn(people.student.email);
	const session = browser.cookie!;
	await away.connection.sql`alter table sessions rename to gone`;
	expect((await browser.get('/classes')).status).toBe(500);
	await away.connection.sql`alter table users rename to nobody`;
	const form = { email: 'new@example.org', name: 'New', password: PASSWORD };
	browser.cookie = undefined;
	expect((await browser.post('/signup', form)).status).toBe(500);
	expect(server.log()).toContain('relation');
	for (const secret of [session, form.email, '$argon2id$']) {
		expect(server.log()).not.toContain(secret);
	}
});

it('says in words that a database hangs, and goes on when it answers', async () => {
	await using slow = await testDatabase();
	await using server = await startWeb({ databaseUrl: slow.url });
	const { people } = await classroom(slow.connection.db);
	const browser = await new Browser(server.url).signIn(people.student.email);
	const held = Promise.withResolvers<void>();
	const locked = Promise.withResolvers<void>();
	const holding = slow.connection.sql.begin(async (tx) => {
		await tx`lock table sessions in access exclusive mode`;
		locked.resolve();
		await held.promise;
	});
	await locked.promise;
	const answer = await browser.get('/classes');
	const page = await answer.text();
	expect(answer.status).toBe(503);
	expect(page).toContain('A part of the classroom is restarting.');
	expect(page).toContain('Everything shown as Saved is safe. Try again in a few seconds.');
	held.resolve();
	await holding;
	expect((await browser.get('/classes')).status).toBe(200);
});
