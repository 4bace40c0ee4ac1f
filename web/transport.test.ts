// How answers travel: compressed, cached as long as they may be, under names that are ours; and the
// ways into a class that are typed or shown on the wall.

import { request, type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '@containrlab/db/testing.ts';
import { SESSION_COOKIE } from './src/server/auth.ts';
import { BUILD_MS, Browser, classroom, startWeb, type Classroom, type TestWeb } from './testing.ts';

let database: TestDatabase;
let web: TestWeb;
let room: Classroom;
let instructor: Browser;

beforeAll(async () => {
	database = await testDatabase();
	const env = { WEB_HOSTS: 'teacher.local', WEB_LAN_ORIGIN: 'http://192.168.1.5:7400' };
	web = await startWeb({ databaseUrl: database.url, env });
	room = await classroom(database.connection.db);
	instructor = await new Browser(web.url).signIn(room.people.instructor.email);
}, BUILD_MS);
afterAll(async () => {
	await web?.[Symbol.asyncDispose]();
	await database?.[Symbol.asyncDispose]();
});

/** As a browser sends it, and as it arrives: fetch chooses its own Host and unpacks what it gets. */
async function get(path: string, headers: IncomingHttpHeaders = {}) {
	const sent = request({ port: web.port, host: '127.0.0.1', path, headers });
	sent.end();
	const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) =>
		sent.once('response', resolve).once('error', reject),
	);
	return { response, headers: response.headers, status: response.statusCode };
}

describe('compressed and cached', () => {
	it.each(['br', 'gzip'])('pages come by %s, for one reader alone', async (encoding) => {
		const { response, headers } = await get('/', { 'accept-encoding': encoding });
		response.resume();
		expect(headers).toMatchObject({
			'content-encoding': encoding,
			'cache-control': 'private, no-store',
		});
		expect(headers.vary).toMatch(/accept-encoding/i);
		expect(headers['content-security-policy']).toMatch(/script-src 'self' 'nonce-/);
	});

	it('hashed assets come compressed from the build, and stay for good', async () => {
		const page = await (await new Browser(web.url).get('/signin')).text();
		const [asset = ''] = /\/_app\/immutable\/entry\/start\.[\w-]+\.js/.exec(page) ?? [];
		const { response, headers } = await get(asset, { 'accept-encoding': 'br' });
		response.resume();
		expect(headers['content-encoding']).toBe('br');
		expect(headers['cache-control']?.replaceAll(' ', '')).toBe('public,max-age=31536000,immutable');
		expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
	});

	it('other files are asked for again, and not sent twice', async () => {
		const first = await get('/icon.svg');
		first.response.resume();
		expect(first.headers['cache-control']).toBe('no-cache');
		const again = await get('/icon.svg', { 'if-none-match': first.headers.etag });
		again.response.resume();
		expect(again.status).toBe(304);
	});

	it('an event stream is never held back to be compressed', async () => {
		const cookie = `${SESSION_COOKIE}=${instructor.cookie}`;
		const { response, headers } = await get('/events', { cookie, 'accept-encoding': 'gzip, br' });
		expect(headers['content-encoding']).toBeUndefined();
		for await (const chunk of response) {
			expect(String(chunk)).toContain('event: hello');
			break;
		}
		response.destroy();
	});
});

describe('names', () => {
	it.each(['localhost', '127.0.0.1', '[::1]', '192.168.1.5:7400', 'teacher.local:7400'])(
		'answers to %s',
		async (host) => {
			const { response, status } = await get('/healthz', { host });
			response.resume();
			expect(status).toBe(200);
		},
	);

	it('refuses a name that somebody else turned on this machine, in words', async () => {
		const { response, status } = await get('/signin', { host: 'rebound.example:7400' });
		expect(status).toBe(421);
		const words = await text(response);
		expect(words).toContain('rebound.example');
		expect(words).toContain('http://192.168.1.5:7400');
	});

	it('lets no socket in under such a name', async () => {
		const host = 'rebound.example';
		const upgrade = {
			...{ host, origin: `http://${host}`, connection: 'Upgrade', upgrade: 'websocket' },
			...{ 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
		};
		const { response, status } = await get('/sync/workspace:abcdefgh12345678', upgrade);
		response.resume();
		expect(status).toBe(403);
	});
});

describe('ways in', () => {
	it('the short link takes a code as people type it', async () => {
		const { joinCode } = room.class;
		const typed = `${joinCode.slice(0, 5)}-${joinCode.slice(5)}%20`.toLowerCase();
		for (const [short, long] of [
			[`/j/${typed}`, `/join/${joinCode}`],
			['/j', '/join'],
		] as const) {
			const response = await new Browser(web.url).get(short);
			expect(response.status).toBe(303);
			expect(response.headers.get('location')).toBe(long);
		}
	});

	it('the wall shows staff an address that the room can open', async () => {
		const projector = `/classes/${room.class.id}/projector`;
		const page = await (await instructor.get(projector)).text();
		// This request came by loopback, which means another machine on every other device.
		expect(page).toContain('192.168.1.5:7400/j');
		expect(page).not.toContain('127.0.0.1');
		const student = await new Browser(web.url).signIn(room.people.student.email);
		const statuses = [];
		for (const who of [new Browser(web.url), student]) {
			statuses.push((await who.get(projector)).status);
		}
		expect(statuses).toEqual([303, 403]);
	});

	it('a closed class shows no code on the wall', async () => {
		await database.connection.sql`update classes set open = false where id = ${room.class.id}`;
		const page = await (await instructor.get(`/classes/${room.class.id}/projector`)).text();
		expect(page).toContain('This class is closed');
		expect(page).not.toContain('Enter the class code');
	});
});
