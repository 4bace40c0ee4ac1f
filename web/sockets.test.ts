// Sockets and streams: who gets through the upgrade proxy, what the services behind it see, and how
// fast an access that ends is cut.

import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { emitEvent, lastEventId } from '@containrlab/db/queries/events.ts';
import type { TestDatabase } from '@containrlab/db/testing.ts';
import {
	importTicketPublicKey,
	TICKET_HEADER,
	verifyTicket,
} from '@containrlab/protocol/ticket.ts';
import { liveFiles } from '@containrlab/protocol/workspace-doc.ts';
import { Auth, SESSION_COOKIE } from './src/server/auth.ts';
import { REVOCATIONS_CHANNEL } from './src/server/hub.ts';
import {
	openDocument,
	startServices,
	type StandInRunnerd,
	type TestServices,
} from './testing-services.ts';
import {
	BUILD_MS,
	Browser,
	PASSWORD,
	startWeb,
	until,
	type Classroom,
	type TestKeys,
	type TestWeb,
} from './testing.ts';

let services: TestServices;
let database: TestDatabase;
let keys: TestKeys;
let runnerd: StandInRunnerd;
let web: TestWeb;
let room: Classroom;
let owner: Browser;
let other: Browser;
let ta: Browser;
let workspace: string;

beforeAll(async () => {
	services = await startServices();
	({ database, keys, runnerd, web, room } = services);
	owner = await new Browser(web.url).signIn(room.people.student.email);
	other = await new Browser(web.url).signIn(room.people.other.email);
	ta = await new Browser(web.url).signIn(room.people.ta.email);
	workspace = await owner.openLab(room.class.id);
}, BUILD_MS);
afterAll(() => services?.[Symbol.asyncDispose]());

type Ended = { code: number } | { status: number };

/** How a socket ends that should not get through. */
function refused(path: string, headers: Record<string, string>): Promise<Ended> {
	const socket = new WebSocket(`${web.url.replace('http', 'ws')}${path}`, { headers });
	return new Promise((resolve) => {
		socket.on('close', (code) => resolve({ code }));
		socket.on('unexpected-response', (_request, response) => {
			resolve({ status: response.statusCode ?? 0 });
			socket.terminate();
		});
		socket.on('error', () => {});
	});
}

const as = (browser: Browser, more: Record<string, string> = {}) => ({
	origin: web.url,
	cookie: `${SESSION_COOKIE}=${browser.cookie}`,
	...more,
});
const sockets = (path: string, headers: Record<string, string>) => {
	const socket = new WebSocket(`${web.url.replace('http', 'ws')}${path}`, { headers });
	socket.on('error', () => {});
	return socket;
};

describe('the upgrade proxy', () => {
	it.each(['sync', 'terminal'])('lets nobody into %s who may not', async (service) => {
		const path = service === 'sync' ? `/sync/workspace:${workspace}` : `/terminal/${workspace}/1`;
		const { cookie } = as(owner);
		expect(await refused(path, { origin: web.url })).toEqual({ code: 4401 });
		expect(await refused(path, { origin: web.url, cookie: `${SESSION_COOKIE}=x` })).toEqual({
			code: 4401,
		});
		expect(await refused(path, { cookie })).toEqual({ status: 403 });
		expect(await refused(path, { origin: 'http://evil.example', cookie })).toEqual({ status: 403 });
		expect(await refused(path, as(other))).toEqual({ code: 4403 });
		const forged = { [TICKET_HEADER]: 'e30.AAAA' };
		expect(await refused(path, { origin: web.url, ...forged })).toEqual({ code: 4401 });
		expect(await refused(`${path}?ticket=e30.AAAA`, as(other, forged))).toEqual({ code: 4403 });
	});

	it.each([
		'/sync/board:aaaaaaaaaa',
		'/sync/workspace:../../rooms',
		'/sync/workspace%3Aaaaaaaaaaa/x',
		'/terminal/aaaaaaaaaa',
		'/terminal/aaaaaaaaaa/0',
		'/sync/%zz',
	])('knows no such place: %s', async (path) => {
		expect(await refused(path, as(owner))).toEqual({ code: 4404 });
	});

	it('hands on a fresh ticket, and nothing that the client sent of its own', async () => {
		const socket = sockets(
			`/terminal/${workspace}/1?ticket=forged`,
			as(owner, { [TICKET_HEADER]: 'forged', 'x-other': 'y' }),
		);
		await new Promise((resolve) => socket.once('open', resolve));
		const seen = runnerd.terminalRequests.at(-1)!;
		expect(seen.url).toBe(`/terminal/${workspace}/1`);
		expect(seen.headers.cookie).toBeUndefined();
		expect(seen.headers['x-other']).toBeUndefined();
		const key = await importTicketPublicKey(keys.publicKey);
		const ticket = String(seen.headers[TICKET_HEADER]);
		expect(await verifyTicket(key, ticket, 'terminal')).toMatchObject({
			ok: true,
			ticket: { access: 'write', resource: workspace, user: { role: 'student' } },
		});
		const echoed = new Promise((resolve) => socket.once('message', resolve));
		socket.send(Buffer.from([1, 2, 3]));
		expect(await echoed).toEqual(Buffer.from([1, 2, 3]));
		socket.terminate();
		const watching = sockets(`/terminal/${workspace}/1`, as(ta));
		await new Promise((resolve) => watching.once('open', resolve));
		const watched = String(runnerd.terminalRequests.at(-1)!.headers[TICKET_HEADER]);
		expect(await verifyTicket(key, watched, 'terminal')).toMatchObject({
			...{ ok: true, ticket: { access: 'write', user: { role: 'ta' } } },
		});
		watching.terminate();
	});

	it('lets owner and staff edit one document, with a stock client', async () => {
		using mine = openDocument(owner, workspace);
		using theirs = openDocument(ta, workspace);
		await until('the starter', () => mine.provider.synced && liveFiles(mine.doc).length > 0);
		mine.doc.getMap('test').set('from', 'owner');
		await until('the edit', () => theirs.doc.getMap('test').get('from') === 'owner');
		theirs.doc.getMap('test').set('from', 'ta');
		await until('the answer', () => mine.doc.getMap('test').get('from') === 'ta');
	});

	it('says 4503, which comes back by itself, when the service is away', async () => {
		await using alone = await startWeb({ databaseUrl: database.url, keys });
		const url = `${alone.url.replace('http', 'ws')}/sync/workspace:${workspace}`;
		const socket = new WebSocket(url, { headers: { ...as(owner), origin: alone.url } });
		const code = await new Promise((resolve) => socket.once('close', resolve));
		expect(code).toBe(4503);
	});
});

describe('an access that ends', () => {
	const joined = async (name: string) => {
		const browser = new Browser(web.url);
		await browser.post(`/join/${room.class.joinCode}?/guest`, { name });
		return { browser, own: await browser.openLab(room.class.id) };
	};
	const closed = (socket: WebSocket) => new Promise((resolve) => socket.once('close', resolve));
	const within = async (what: Promise<unknown>, ms: number) => {
		const began = Date.now();
		await what;
		expect(Date.now() - began).toBeLessThan(ms);
	};

	it('is cut when one signs out', async () => {
		const { browser, own } = await joined('Leaving');
		const socket = sockets(`/terminal/${own}/1`, as(browser));
		await new Promise((resolve) => socket.once('open', resolve));
		const stream = await EventReader.open(browser, '/events');
		const ended = Promise.all([closed(socket), stream.ended]);
		await browser.post('/signout');
		await within(ended, 1_000);
	});

	it('is cut when one is removed from the class, and stays so', async () => {
		const { browser, own } = await joined('Removed');
		const socket = sockets(`/sync/workspace:${own}`, as(browser));
		await new Promise((resolve) => socket.once('open', resolve));
		const [row] = await database.connection.sql<{ owner_id: string }[]>`
			select owner_id from workspaces where id = ${own}`;
		const teacher = await new Browser(web.url).signIn(room.people.instructor.email);
		const ended = closed(socket);
		await teacher.post(`/classes/${room.class.id}/settings/people?/remove`, {
			user: row!.owner_id,
		});
		await within(ended, 1_000);
		expect(await refused(`/sync/workspace:${own}`, as(browser))).toEqual({ code: 4403 });
	});

	it('comes back by itself where a guest became an account: not before its new cookie is there', async () => {
		const { browser, own } = await joined('Growing');
		const socket = sockets(`/sync/workspace:${own}`, as(browser));
		await new Promise((resolve) => socket.once('open', resolve));
		const before = browser.cookie;
		const cookieAtEnd = closed(socket).then(() => browser.cookie);
		const login = { email: 'growing@example.org', password: PASSWORD };
		expect((await browser.post('/account?/keep', login)).status).toBe(303);
		expect(await cookieAtEnd).not.toBe(before);
		const again = sockets(`/sync/workspace:${own}`, as(browser));
		await new Promise((resolve) => again.once('open', resolve));
		again.terminate();
	});

	it('is cut wherever it was open when staff make a new return code, in another process', async () => {
		const { db, sql } = database.connection;
		const auth = new Auth(db, keys.privateKey.trim(), async (revocation) => {
			await sql.notify(REVOCATIONS_CHANNEL, JSON.stringify(revocation));
		});
		const { browser, own } = await joined('Forgetful');
		const socket = sockets(`/sync/workspace:${own}`, as(browser));
		await new Promise((resolve) => socket.once('open', resolve));
		const stream = await EventReader.open(browser, '/events');
		await stream.next('hello');
		const ended = Promise.all([closed(socket), stream.ended]);
		const { viewer: student } = (await auth.viewer(browser.cookie!))!;
		const { viewer: actor } = (await auth.viewer(ta.cookie!))!;
		const asked = { actor, classId: room.class.id, userId: student.id };
		expect(await auth.reissueReturnCode(asked)).toMatchObject({ ok: true });
		await within(ended, 1_000);
		expect(await refused(`/sync/workspace:${own}`, as(browser))).toEqual({ code: 4401 });
	});
});

describe('the event stream', () => {
	const emit = (note: string, workspaceId: string | null = workspace) =>
		emitEvent(
			database.connection.db,
			{ classId: room.class.id, workspaceId },
			{ type: 'warning', workspace: workspaceId ?? '', code: 'test', message: note },
		);

	it('tells owner and staff, and nobody else', async () => {
		const streams = await Promise.all(
			[owner, ta, other].map((browser) => EventReader.open(browser, '/events')),
		);
		await Promise.all(streams.map((stream) => stream.next('hello')));
		await emit('for the owner');
		await emit('for everyone', null);
		const notes = await Promise.all(
			streams.map(async (stream) => {
				await until('the last', () => stream.notes.includes('for everyone'));
				return stream.notes;
			}),
		);
		expect(notes).toEqual([
			['for the owner', 'for everyone'],
			['for the owner', 'for everyone'],
			['for everyone'],
		]);
		for (const stream of streams) stream.close();
	});

	it('resumes after the last id without a gap, also while events are written', async () => {
		const from = await lastEventId(database.connection.db);
		const expected = Array.from({ length: 60 }, (_, index) => `n${index}`);
		for (const note of expected.slice(0, 20)) await emit(note);
		const writing = (async () => {
			for (const note of expected.slice(20)) await emit(note);
		})();
		const stream = await EventReader.open(owner, `/events?after=${from}`);
		await writing;
		await until('all of them', () => stream.notes.length >= expected.length);
		expect(stream.notes).toEqual(expected);
		const middle = stream.ids[30]!;
		stream.close();
		const resumed = await EventReader.open(owner, '/events?after=0', {
			'last-event-id': String(middle),
		});
		await until('the rest', () => resumed.notes.length >= 29);
		expect(resumed.notes).toEqual(expected.slice(31));
		resumed.close();
	});

	it('goes on after Postgres dropped every connection', async () => {
		const stream = await EventReader.open(owner, '/events');
		await stream.next('hello');
		await database.connection.sql`
			select pg_terminate_backend(pid) from pg_stat_activity
			where datname = current_database() and pid <> pg_backend_pid()`.catch(() => {});
		await until('a way to write', () =>
			emit('after the drop').then(
				() => true,
				() => false,
			),
		);
		await until('the event', () => stream.notes.includes('after the drop'));
		stream.close();
	});

	it('asks for a sign-in', async () => {
		expect((await new Browser(web.url).get('/events', { accept: '*/*' })).status).toBe(401);
	});
});

it.each(['/metrics', '/ready', '/sync/metrics', '/sync/rooms/x/snapshot', '/rooms/x/snapshot'])(
	'has nothing at %s, which is for those who run sync',
	async (path) => expect((await ta.get(path)).status).toBe(404),
);

/** A reader of text/event-stream: what came, in order. */
class EventReader {
	readonly notes: string[] = [];
	readonly ids: number[] = [];
	readonly #names: string[] = [];
	readonly ended: Promise<void>;
	readonly #destroy: () => void;

	static async open(browser: Browser, path: string, more: Record<string, string> = {}) {
		const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
			const headers = { ...as(browser), accept: 'text/event-stream', ...more };
			const sent = httpRequest(new URL(path, web.url), { headers }, resolve);
			sent.once('error', reject);
			sent.end();
		});
		expect(response.statusCode).toBe(200);
		return new EventReader(response);
	}

	private constructor(response: import('node:http').IncomingMessage) {
		this.#destroy = () => response.destroy();
		this.ended = new Promise((resolve) => response.once('close', () => resolve()));
		let rest = '';
		response.on('error', () => {});
		response.setEncoding('utf8').on('data', (chunk: string) => {
			const frames = (rest + chunk).split('\n\n');
			rest = frames.pop() ?? '';
			for (const frame of frames) this.#take(frame);
		});
	}

	next(name: string): Promise<true> {
		return until(name, () => this.#names.includes(name));
	}

	close(): void {
		this.#destroy();
	}

	#take(frame: string): void {
		const fields = new Map(
			frame.split('\n').map((line) => {
				const colon = line.indexOf(':');
				return [line.slice(0, colon), line.slice(colon + 1).trim()];
			}),
		);
		const name = fields.get('event');
		if (name) return void this.#names.push(name);
		const data = JSON.parse(fields.get('data') ?? '{}') as { type?: string; message?: string };
		if (data.type !== 'warning') return;
		this.ids.push(Number(fields.get('id')));
		this.notes.push(data.message ?? '');
	}
}
