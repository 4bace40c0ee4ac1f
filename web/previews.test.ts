// Previews by both ways: who gets in, what an app is told and what it can't say, and what we say for it.

import { once } from 'node:events';
import {
	createServer,
	request as httpRequest,
	type IncomingMessage,
	type RequestListener,
} from 'node:http';
import { createServer as createTcp, type AddressInfo, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import {
	importTicketPublicKey,
	TICKET_HEADER,
	verifyTicket,
} from '@containrlab/protocol/ticket.ts';
import { SESSION_COOKIE } from './src/server/auth.ts';
import { startServices, type TestServices } from './testing-services.ts';
import { BUILD_MS, Browser, startWeb, type TestWeb } from './testing.ts';

/** Any address is ours; this one is nobody's loopback. */
const LAN = '192.0.2.5';

let services: TestServices;
let web: TestWeb;
let owner: Browser;
let other: Browser;
let ta: Browser;
let workspace: string;
let theirs: string;

beforeAll(async () => {
	services = await startServices();
	const { database, keys, runnerdUrl, room } = services;
	web = await startWeb({
		...{ databaseUrl: database.url, syncUrl: services.sync.url, runnerdUrl, keys },
		env: { WEB_PREVIEW_LISTEN: '127.0.0.1:0' },
	});
	owner = await new Browser(web.url).signIn(room.people.student.email);
	other = await new Browser(web.url).signIn(room.people.other.email);
	ta = await new Browser(web.url).signIn(room.people.ta.email);
	workspace = await owner.openLab(room.class.id);
	theirs = await other.openLab(room.class.id);
}, BUILD_MS);
afterAll(async () => {
	await web?.[Symbol.asyncDispose]();
	await services?.[Symbol.asyncDispose]();
});

const running = new Set<Server>();
afterEach(() => {
	for (const server of running) {
		server.close();
		if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
	}
	running.clear();
});
async function listen(server: Server): Promise<number> {
	running.add(server);
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return (server.address() as AddressInfo).port;
}
const app = (listener: RequestListener) => listen(createServer(listener));
/** Answers anything with these bytes. */
const saying = (bytes: string) =>
	listen(
		createTcp((socket) => {
			socket.on('error', () => {});
			socket.once('data', () => socket.end(bytes));
		}),
	);

type Asked = { method?: string; headers?: Record<string, string>; body?: string };
type Answer = { status: number; raw: string[]; headers: IncomingMessage['headers']; body: string };

/** To wherever the address says, on this machine. */
async function ask(url: string, { method = 'GET', headers = {}, body }: Asked = {}) {
	const { host, port, pathname, search } = new URL(url);
	const asked = httpRequest({
		...{ host: '127.0.0.1', port, method, path: pathname + search, agent: false },
		headers: { host, ...headers },
	});
	asked.end(body);
	const [response] = (await once(asked, 'response')) as [IncomingMessage];
	return {
		status: response.statusCode!,
		raw: response.rawHeaders,
		headers: response.headers,
		body: await text(response),
	} satisfies Answer;
}

/** What our page gets when it asks for a preview. */
async function linkOf(
	browser: Browser,
	port: number,
	{ from = web.url, path = '/', of = workspace } = {},
) {
	const answer = await ask(`${from}/w/${of}/preview`, {
		method: 'POST',
		headers: {
			origin: from,
			cookie: `${SESSION_COOKIE}=${browser.cookie}`,
			'content-type': 'application/json',
		},
		body: JSON.stringify({ port, path }),
	});
	if (answer.status !== 200) return { status: answer.status, url: '', kind: '' };
	return { status: 200, ...(JSON.parse(answer.body) as { url: string; kind: string }) };
}

/** On the preview's own origin: its address, and the cookie that was set there. */
async function enter(browser: Browser, port: number, of = workspace) {
	const { url } = await linkOf(browser, port, { of });
	const entered = await ask(url);
	const [set = ''] = entered.headers['set-cookie'] ?? [];
	return { url, origin: new URL(url).origin, set, cookie: set.split(';')[0]!, entered };
}

/** Below a pass on the second listener. */
async function below(browser: Browser, port: number) {
	const lan = `http://${LAN}:${web.port}`;
	const { url, kind } = await linkOf(browser, port, { from: lan });
	const { origin, pathname } = new URL(url);
	return { origin, kind, prefix: pathname.replace(/\/$/, ''), url: url.replace(/\/$/, '') };
}

const echo: RequestListener = (request, response) => {
	void text(request).then((body) => {
		response.setHeader('content-type', 'application/json');
		const { method, url, headers } = request;
		response.end(JSON.stringify({ method, url, headers, body }));
	});
};
type Seen = { method: string; url: string; headers: Record<string, string>; body: string };

describe('an origin of its own', () => {
	it('lets those in who may see the workspace, by a link that works once', async () => {
		const port = await app(echo);
		const { url, entered, set, origin, cookie } = await enter(owner, port);
		expect(new URL(url).hostname).toBe(`${workspace}-${port}.localhost`);
		expect(entered).toMatchObject({ status: 303, headers: { location: '/' } });
		expect(set).toMatch(
			/^__Host-containrlab_preview=.*; Path=\/;.*Secure; HttpOnly; SameSite=None/,
		);
		expect((await ask(`${origin}/a?b=c`, { headers: { cookie } })).status).toBe(200);
		expect((await ask(url)).status).toBe(403);
		const ticket = String(services.runnerd.previewRequests.at(-1)!.headers[TICKET_HEADER]);
		const key = await importTicketPublicKey(services.keys.publicKey);
		expect(await verifyTicket(key, ticket, 'preview')).toMatchObject({
			ticket: { resource: `${workspace}:${port}`, user: { role: 'student' } },
		});
		const staff = await enter(ta, port);
		expect((await ask(`${origin}/`, { headers: { cookie: staff.cookie } })).status).toBe(200);
	});

	it('lists what listens, and nothing where there is no sandbox', async () => {
		const list = (of: string, browser: Browser) =>
			browser.get(`/w/${of}/preview`).then(async (answer) => [answer.status, await answer.json()]);
		expect(await list(workspace, owner)).toEqual([200, { ports: [] }]);
		const driver = { id: 'ada', name: 'Ada' };
		const state = { status: 'ready', at: 0, deadline: 0 } as const;
		services.runnerd.sessions.set(workspace, { workspace, driver, state });
		services.runnerd.ports = [3000, 8080];
		expect(await list(workspace, ta)).toEqual([200, { ports: [3000, 8080] }]);
		services.runnerd.sessions.delete(workspace);
		expect((await other.get(`/w/${workspace}/preview`)).status).toBe(404);
	});

	it('leads to a tab of its own, for those who may', async () => {
		const port = await app(echo);
		const path = `/w/${workspace}/preview/${port}?path=${encodeURIComponent('/a?b=c')}`;
		const led = await owner.get(path);
		expect(led.status).toBe(303);
		const entered = await ask(led.headers.get('location')!);
		expect(entered).toMatchObject({ status: 303, headers: { location: '/a?b=c' } });
		expect((await other.get(path)).status).toBe(404);
		expect((await owner.get(`/w/${workspace}/preview/99999`)).status).toBe(404);
		const away = await owner.get(`/w/${workspace}/preview/${port}?path=//evil.example`);
		expect((await ask(away.headers.get('location')!)).headers.location).toBe('/evil.example');
	});

	it('lets nobody else in', async () => {
		const port = await app(echo);
		const { origin, cookie } = await enter(owner, port);
		expect((await linkOf(other, port)).status).toBe(404);
		expect((await ask(`${origin}/`)).status).toBe(403);
		const session = { cookie: `${SESSION_COOKIE}=${owner.cookie}` };
		expect((await ask(`${origin}/`, { headers: session })).status).toBe(403);
		const forged = { cookie: `${cookie.slice(0, -4)}AAAA` };
		expect((await ask(`${origin}/`, { headers: forged })).status).toBe(403);
		// Another port, and another's workspace, with a pass for this one.
		for (const label of [`${workspace}-${port + 1}`, `${theirs}-${port}`]) {
			const elsewhere = `http://${label}.localhost:${web.port}`;
			expect((await ask(elsewhere, { headers: { cookie } })).status).toBe(403);
			const { url } = await linkOf(owner, port);
			expect((await ask(url.replace(`${workspace}-${port}`, label))).status).toBe(403);
		}
	});

	it('tells the app what it expects, and nothing of ours', async () => {
		const port = await app(echo);
		const { origin, cookie } = await enter(owner, port);
		const answer = await ask(`${origin}/form?x=1`, {
			method: 'POST',
			headers: {
				origin,
				referer: `${origin}/page`,
				cookie: `${cookie}; mine=1; ${SESSION_COOKIE}=abc; __Host-containrlab_session=x; b=2`,
				'x-forwarded-for': '1.2.3.4',
				forwarded: 'for=1.2.3.4',
				[TICKET_HEADER]: 'forged',
				connection: 'x-hop',
				'x-hop': 'gone',
				'x-kept': 'kept',
			},
			body: 'a=b',
		});
		const seen = JSON.parse(answer.body) as Seen;
		expect(seen).toMatchObject({ method: 'POST', url: '/form?x=1', body: 'a=b' });
		expect(seen.headers).toMatchObject({
			host: `localhost:${port}`,
			origin: `http://localhost:${port}`,
			referer: `http://localhost:${port}/page`,
			cookie: 'mine=1; b=2',
			'x-forwarded-host': new URL(origin).host,
			'x-forwarded-proto': 'http',
			'x-forwarded-for': '127.0.0.1',
			'x-kept': 'kept',
		});
		for (const name of ['forwarded', TICKET_HEADER, 'x-hop'])
			expect(seen.headers[name]).toBe(undefined);
	});

	it('lets an app say nothing that reaches beyond its page', async () => {
		const port = await app((_request, response) => {
			response.setHeader('set-cookie', [
				'mine=1; Path=/; HttpOnly; SameSite=Strict',
				'wide=1; Domain=localhost; Path=/',
				`${SESSION_COOKIE}=theirs; Path=/`,
				'__Host-containrlab_preview=theirs; Path=/; Secure',
			]);
			response.setHeader('strict-transport-security', 'max-age=1');
			response.setHeader('clear-site-data', '"*"');
			response.setHeader('service-worker-allowed', '/');
			response.setHeader('alt-svc', 'h3=":443"');
			response.setHeader('nel', '{}');
			response.setHeader('public-key-pins', 'x');
			response.setHeader('x-frame-options', 'DENY');
			response.setHeader('content-security-policy', "default-src 'self'; frame-ancestors 'none'");
			response.setHeader('location', `http://localhost:${port}/next?a=b#c`);
			response.writeHead(302).end();
		});
		const { origin, cookie } = await enter(owner, port);
		const { headers, raw, status } = await ask(`${origin}/`, { headers: { cookie } });
		expect(status).toBe(302);
		expect(headers.location).toBe(`${origin}/next?a=b#c`);
		expect(headers['set-cookie']).toEqual([
			'mine=1; Path=/; HttpOnly; Secure; SameSite=None; Partitioned',
			'wide=1; Path=/; Secure; SameSite=None; Partitioned',
		]);
		expect(headers['content-security-policy']).toBe(
			`default-src 'self', frame-ancestors ${web.url}`,
		);
		const names = raw.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
		for (const name of ['strict-transport-security', 'clear-site-data', 'service-worker-allowed'])
			expect(names).not.toContain(name);
		for (const name of ['alt-svc', 'nel', 'public-key-pins', 'x-frame-options'])
			expect(names).not.toContain(name);
	});

	it('is asked by its own pages alone, and by those of the same workspace', async () => {
		const port = await app(echo);
		const { origin, cookie } = await enter(owner, port);
		const from = (headers: Record<string, string>, method = 'POST') =>
			ask(`${origin}/`, { method, headers: { cookie, ...headers } }).then(({ status }) => status);
		const sibling = (label: string) => `http://${label}.localhost:${web.port}`;
		expect(await from({ origin })).toBe(200);
		expect(await from({ origin: sibling(`${workspace}-${port + 1}`) })).toBe(200);
		expect(await from({ origin: sibling(`${theirs}-${port}`) })).toBe(403);
		expect(await from({ origin: web.url })).toBe(403);
		expect(await from({ origin: 'null' })).toBe(403);
		expect(await from({ origin: sibling(`${theirs}-${port}`) }, 'OPTIONS')).toBe(403);
		const cross = { 'sec-fetch-site': 'cross-site' };
		expect(await from({ ...cross, 'sec-fetch-mode': 'no-cors' }, 'GET')).toBe(403);
		expect(await from({ ...cross, 'sec-fetch-mode': 'navigate' }, 'GET')).toBe(200);
	});

	it('passes WebSockets, from its own pages alone, and cuts them when access ends', async () => {
		const server = createServer();
		const sockets = new WebSocketServer({ server });
		sockets.on('connection', (socket, request) => {
			socket.send(JSON.stringify(request.headers));
			socket.on('message', (data, isBinary) => socket.send(data as Buffer, { binary: isBinary }));
		});
		const port = await listen(server);
		const guest = new Browser(web.url);
		await guest.post(`/join/${services.room.class.joinCode}?/guest`, { name: 'Grace' });
		const own = await guest.openLab(services.room.class.id);
		const { origin, cookie } = await enter(guest, port, own);
		const dial = (from: string) => {
			const { host } = new URL(origin);
			const socket = new WebSocket(`ws://127.0.0.1:${web.port}/ws`, {
				headers: { host, origin: from, cookie },
			});
			socket.on('error', () => {});
			return socket;
		};
		const refused = dial('http://evil.example');
		const [, response] = (await once(refused, 'unexpected-response')) as [unknown, IncomingMessage];
		expect(response.statusCode).toBe(403);
		const socket = dial(origin);
		const [seen] = (await once(socket, 'message')) as [Buffer];
		expect(JSON.parse(String(seen))).toMatchObject({
			host: `localhost:${port}`,
			origin: `http://localhost:${port}`,
		});
		socket.send('there and back');
		expect(String((await once(socket, 'message'))[0])).toBe('there and back');
		const closed = once(socket, 'close');
		await guest.post('/signout');
		await closed;
		expect((await ask(origin, { headers: { cookie } })).status).toBe(403);
		sockets.close();
	});
});

describe('a page without an origin', () => {
	it('is sandboxed on every answer, with no cookies either way', async () => {
		const port = await app((request, response) => {
			response.setHeader('set-cookie', 'mine=1');
			response.setHeader('access-control-allow-origin', 'https://evil.example');
			echo(request, response);
		});
		const { kind, url, origin, prefix } = await below(owner, port);
		expect(kind).toBe('shared');
		const answer = await ask(`${url}/a?b=c`, {
			headers: { cookie: `${SESSION_COOKIE}=${owner.cookie}; any=1`, origin: 'null' },
		});
		const lan = `http://${LAN}:${web.port}`;
		expect(answer.headers['content-security-policy']).toMatch(
			new RegExp(`^sandbox allow-scripts [^;]*; frame-ancestors ${lan}$`),
		);
		expect(answer.headers['content-security-policy']).not.toContain('allow-same-origin');
		expect(answer.headers['set-cookie']).toBe(undefined);
		expect(answer.headers['access-control-allow-origin']).toBe('null');
		const seen = JSON.parse(answer.body) as Seen;
		expect(seen.url).toBe('/a?b=c');
		expect(seen.headers).toMatchObject({
			host: `localhost:${port}`,
			'x-forwarded-prefix': prefix,
		});
		expect(seen.headers['cookie']).toBe(undefined);
		// Our own words too: there, anything without the sandbox would be a page of this host.
		for (const path of ['/', '/~forged/', `${prefix.slice(0, -2)}/`]) {
			const ours = await ask(origin + path);
			expect(ours.status).toBeGreaterThanOrEqual(400);
			expect(ours.headers['content-security-policy']).toContain("default-src 'none'");
		}
	});

	it('knows only names that are ours, and pages that are its own', async () => {
		const port = await app(echo);
		const { url } = await below(owner, port);
		const status = (headers: Record<string, string>) =>
			ask(url, { headers }).then((answer) => answer.status);
		expect(await status({ host: `rebound.example:${new URL(url).port}` })).toBe(403);
		expect(await status({ origin: 'http://evil.example' })).toBe(403);
		expect(await status({ origin: `http://${LAN}:${web.port}` })).toBe(403);
		expect(await status({ origin: 'null' })).toBe(200);
	});

	it('answers the questions that a browser asks for it', async () => {
		const port = await app(echo);
		const { url } = await below(owner, port);
		const answer = await ask(url, {
			method: 'OPTIONS',
			headers: {
				origin: 'null',
				'access-control-request-method': 'PUT',
				'access-control-request-headers': 'content-type',
			},
		});
		expect(answer).toMatchObject({
			status: 204,
			headers: {
				'access-control-allow-origin': 'null',
				'access-control-allow-methods': 'PUT',
				'access-control-allow-headers': 'content-type',
			},
		});
	});

	it('finds what begins with / below its path, redirects too', async () => {
		const page =
			'<!doctype html><html><head><title>x</title></head><body>' +
			`<img src="/a.png"><a href='/b'>b</a><a href="//other/">c</a><p>ü</p></body></html>`;
		const port = await app((request, response) => {
			if (request.url === '/go') response.writeHead(303, { location: '/there' }).end();
			else response.writeHead(200, { 'content-type': 'text/html' }).end(page);
		});
		const { url, prefix, origin } = await below(owner, port);
		const { body } = await ask(url);
		expect(body).toContain(`<img src="${prefix}/a.png"><a href='${prefix}/b'>b</a>`);
		expect(body).toContain('<a href="//other/">c</a><p>ü</p></body></html>');
		expect(body).toMatch(/^<!doctype html><html><head><script type="importmap">/);
		expect((await ask(`${url}/go`)).headers.location).toBe(`${origin}${prefix}/there`);
	});

	it('passes WebSockets of its own pages, which have no origin to name', async () => {
		const server = createServer();
		const sockets = new WebSocketServer({ server });
		sockets.on('connection', (socket, request) => {
			socket.send(JSON.stringify([request.url, request.headers['cookie'] ?? null]));
		});
		const { prefix, origin } = await below(owner, await listen(server));
		const { host, port } = new URL(origin);
		const dial = (from: string) => {
			const socket = new WebSocket(`ws://127.0.0.1:${port}${prefix}/hmr?token=1`, {
				headers: { host, origin: from, cookie: `${SESSION_COOKIE}=${owner.cookie}` },
			});
			socket.on('error', () => {});
			return socket;
		};
		const socket = dial('null');
		const [seen] = (await once(socket, 'message')) as [Buffer];
		expect(JSON.parse(String(seen))).toEqual(['/hmr?token=1', null]);
		socket.terminate();
		const refused = dial(`http://${LAN}:${web.port}`);
		const [, response] = (await once(refused, 'unexpected-response')) as [unknown, IncomingMessage];
		expect(response.statusCode).toBe(403);
		sockets.close();
	});

	it('ends with the session that opened it', async () => {
		const port = await app(echo);
		const guest = new Browser(web.url);
		await guest.post(`/join/${services.room.class.joinCode}?/guest`, { name: 'Barbara' });
		const of = await guest.openLab(services.room.class.id);
		const { url } = await linkOf(guest, port, { from: `http://${LAN}:${web.port}`, of });
		expect((await ask(url)).status).toBe(200);
		await guest.post('/signout');
		expect((await ask(url)).status).toBe(403);
	});
});

describe('an app that misbehaves', () => {
	const bomb = `HTTP/1.1 200 OK\r\n${'x-bomb: boom\r\n'.repeat(20_000)}\r\n`;
	it.each([
		['no answer at all', '', 'didn’t answer'],
		['another protocol', 'SSH-2.0-OpenSSH_9.9\r\n', 'no valid HTTP'],
		['a header bomb', bomb, 'no valid HTTP'],
		['endless headers', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`, 'no valid HTTP'],
		[
			'a length and chunks',
			'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
			'no valid HTTP',
		],
		[
			'two lengths',
			'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!',
			'no valid HTTP',
		],
		['a bare line feed', 'HTTP/1.1 200 OK\r\nx: a\nset-cookie: b\r\n\r\n', 'no valid HTTP'],
	])('is told about in our words: %s', async (_what, bytes, words) => {
		const { origin, cookie } = await enter(owner, await saying(bytes));
		const answer = await ask(origin, { headers: { cookie } });
		expect(answer.status).toBe(502);
		expect(answer.body).toContain(words);
	});

	it('can send nothing behind its answer', async () => {
		const second = 'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\npoisons';
		const port = await saying(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok${second}`);
		const { origin, cookie } = await enter(owner, port);
		for (let n = 0; n < 3; n += 1) {
			expect((await ask(origin, { headers: { cookie } })).body).toBe('ok');
		}
	});

	it('breaks off visibly when it broke off', async () => {
		const port = await saying('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
		const { origin, cookie } = await enter(owner, port);
		await expect(ask(origin, { headers: { cookie } })).rejects.toThrow(
			/aborted|hang up|ECONNRESET/,
		);
	});

	it('says what to try where nobody listens, and looks again by itself', async () => {
		const port = await app(echo);
		for (const server of running) server.close();
		const { origin, cookie } = await enter(owner, port);
		const { status, body } = await ask(origin, { headers: { cookie } });
		expect(status).toBe(502);
		expect(body).toContain(`Nothing answers on port ${port} yet`);
		expect(body).toContain(`docker run -p ${port}:`);
		expect(body).toContain('http-equiv="refresh"');
		const sent = await ask(origin, { method: 'POST', headers: { cookie, origin } });
		expect(sent.status).toBe(502);
		expect(sent.body).not.toContain('http-equiv="refresh"');
	});
});
