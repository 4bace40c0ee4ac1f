// The API for programs, on the real web, sync and Postgres: every answer is held against the document.

import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createClass, addMember } from '@containrlab/db/queries/classes.ts';
import { removeFromClass } from '@containrlab/db/queries/membership.ts';
import type { TestDatabase } from '@containrlab/db/testing.ts';
import { FILE_LIMITS } from '@containrlab/protocol/path.ts';
import { liveFiles } from '@containrlab/protocol/workspace-doc.ts';
import type { FileInfo, Session } from './src/server/api/schemas.ts';
import { SESSION_COOKIE } from './src/server/auth.ts';
import { ApiClient } from './testing-api.ts';
import {
	openDocument,
	startServices,
	type StandInRunnerd,
	type TestServices,
} from './testing-services.ts';
import {
	BUILD_MS,
	Browser,
	LAB,
	startWeb,
	until,
	type Classroom,
	type TestWeb,
} from './testing.ts';

let services: TestServices;
let database: TestDatabase;
let runnerd: StandInRunnerd;
let web: TestWeb;
let room: Classroom;
let browsers: Record<'student' | 'other' | 'ta' | 'outsider', Browser>;
let ada: ApiClient;
let bob: ApiClient;
let ta: ApiClient;
let outsider: ApiClient;
let nobody: ApiClient;
/** Ada's session. */
let session: string;

beforeAll(async () => {
	services = await startServices();
	({ database, runnerd, web, room } = services);
	const signIn = (name: 'student' | 'other' | 'ta' | 'outsider') =>
		new Browser(web.url).signIn(room.people[name].email);
	browsers = {
		student: await signIn('student'),
		other: await signIn('other'),
		ta: await signIn('ta'),
		outsider: await signIn('outsider'),
	};
	ada = await ApiClient.of(browsers.student);
	bob = ada.as(browsers.other);
	ta = ada.as(browsers.ta);
	outsider = ada.as(browsers.outsider);
	nobody = ada.as(new Browser(web.url));
	session = ((await ada.post(`/api/labs/${LAB}/start`)).body as Session).id;
}, BUILD_MS);
afterAll(() => services?.[Symbol.asyncDispose]());

const at = (path?: string, id = session): string =>
	`/api/sessions/${id}/files${path === undefined ? '' : `?path=${encodeURIComponent(path)}`}`;
const write = (path: string, text: string, headers: Record<string, string> = {}) =>
	ada.put(at(path), { json: { text }, headers });
const textOf = async (path: string) => ((await ada.get(at(path))).body as { text: string }).text;

describe('who and what', () => {
	it('is healthy, and describes itself to anyone', async () => {
		expect(await nobody.get('/api/healthz')).toMatchObject({ status: 200, body: { ok: true } });
		const { body } = await nobody.get('/api/openapi.json');
		expect(body).toMatchObject({ openapi: '3.1.0', servers: [{ url: web.url }] });
	});

	it('knows who asks', async () => {
		const { id, name, email } = room.people.student;
		expect((await ada.get('/api/auth/me')).body).toEqual({ id, name, email });
		expect(await nobody.get('/api/auth/me')).toMatchObject({
			status: 401,
			error: { code: 'signed-out' },
		});
	});

	it('shows labs to those who are taught them, and nothing of their solutions', async () => {
		const { body } = await ada.get('/api/labs');
		const classes = [{ id: room.class.id, name: 'Docker 101', role: 'student' }];
		expect(body).toMatchObject({ labs: [{ slug: LAB, title: 'First Dockerfile', classes }] });
		const lab = await ada.get(`/api/labs/${LAB}`);
		expect(lab.body).toMatchObject({ slug: LAB, open: 'Dockerfile', classes });
		// The schema allows nothing else; this says what else must never be.
		expect(Object.keys(lab.body as object)).not.toContain('hints');
		expect(JSON.stringify(lab.body)).not.toMatch(/"(solution|wrong|starter|plant|digest)"/);
		expect((await outsider.get('/api/labs')).body).toEqual({ labs: [] });
		expect((await outsider.get(`/api/labs/${LAB}`)).status).toBe(404);
		for (const slug of ['99-none', '%00', '..%2f..%2fetc', 'x'.repeat(5_000)]) {
			expect((await ada.get(`/api/labs/${slug}`)).error.code).toBe('no-such-lab');
		}
	});

	it('answers in its own words where there is nothing', async () => {
		for (const path of ['/api', '/api/nothing', '/api/sessions', '/api/labs/a/b/c']) {
			expect((await ada.get(path)).error.code, path).toBe('no-such-address');
			expect((await ada.post(path)).status, path).toBe(404);
		}
		const wrong = await ada.delete('/api/labs');
		expect(wrong).toMatchObject({ status: 405, error: { code: 'method-not-allowed' } });
		expect(wrong.headers.get('allow')).toBe('GET, HEAD');
		expect((await ada.call('PATCH', at(), {})).headers.get('allow')).toBe(
			'DELETE, GET, HEAD, POST, PUT',
		);
		expect((await ada.get('/api/labs/%zz')).status).toBe(400);
		const head = await browsers.student.send('/api/labs', { method: 'HEAD' });
		expect([head.status, await head.text()]).toEqual([200, '']);
	});

	it('takes nothing from other sites', async () => {
		for (const origin of ['http://evil.example', 'null', web.url.replace('http:', 'https:')]) {
			const refused = await ada.put(at('app.py'), { json: { text: '' }, headers: { origin } });
			expect(refused).toMatchObject({ status: 403, error: { code: 'other-origin' } });
		}
	});
});

describe('classes that are taught the same lab', () => {
	it('are told apart by ?class=', async () => {
		const { db } = database.connection;
		const second = await createClass(db, { name: 'Evening class', labs: [LAB] });
		const { other } = room.people;
		await addMember(db, { classId: second.id, userId: other.id, role: 'student' });
		const path = `/api/labs/${LAB}`;
		const which = await bob.post(`${path}/start`);
		expect(which.status).toBe(409);
		expect(which.error).toMatchObject({
			code: 'class-ambiguous',
			choices: [
				{ id: room.class.id, name: 'Docker 101' },
				{ id: second.id, name: 'Evening class' },
			],
		});
		const started = await bob.post(`${path}/start?class=${second.id}`);
		expect(started).toMatchObject({ status: 201, body: { class: { id: second.id } } });
		expect((await bob.get(`${path}/active`)).status).toBe(409);
		expect((await bob.get(`${path}/active?class=${room.class.id}`)).body).toEqual({
			session: null,
		});
		expect((await ada.get(`${path}/active?class=${second.id}`)).error.code).toBe('no-such-class');
		expect((await bob.get(`/api/judge/${LAB}?class=%00`)).error.code).toBe('no-such-class');
		await removeFromClass(db, { classId: second.id, userId: other.id }, other.id);
		const { id } = started.body as Session;
		expect((await bob.get(`/api/sessions/${id}`)).status).toBe(404);
		expect((await bob.get(at(undefined, id))).status).toBe(404);
	});
});

describe('sessions', () => {
	it('are found again, and their sandbox ends when asked', async () => {
		const again = await ada.post(`/api/labs/${LAB}/start`);
		expect(again).toMatchObject({
			status: 200,
			body: { id: session, page: `/w/${session}`, sandbox: { status: 'starting' } },
		});
		expect((await ada.get(`/api/labs/${LAB}/active`)).body).toEqual({ session: again.body });
		expect((await ada.get(`/api/sessions/${session}`)).body).toEqual(again.body);
		expect((await ada.delete(`/api/sessions/${session}`)).body).toMatchObject({
			sandbox: { status: 'none' },
		});
	});

	it('belong to their owner and the staff', async () => {
		expect((await ta.get(`/api/sessions/${session}`)).body).toMatchObject({
			owner: { name: 'Ada' },
		});
		expect((await ta.get(at('app.py'))).status).toBe(200);
		for (const [client, status] of [
			[bob, 404] as const,
			[outsider, 404] as const,
			[nobody, 401] as const,
		]) {
			const asked = [
				await client.get(`/api/sessions/${session}`),
				await client.delete(`/api/sessions/${session}`),
				await client.get(at()),
				await client.get(at('app.py')),
				await client.post(at(), { json: { path: 'x', text: '' } }),
				await client.put(at('app.py'), { json: { text: '' } }),
				await client.delete(at('app.py')),
			];
			expect(asked.map((each) => each.status)).toEqual(asked.map(() => status));
		}
		for (const id of ['aaaaaaaaaaaaaaaaaaaa', '%00', '..%2f', 'x'.repeat(5_000)]) {
			expect((await ada.get(`/api/sessions/${id}`)).error.code).toBe('no-such-session');
		}
		expect(await textOf('app.py')).not.toBe('');
	});

	it('have a terminal under their own address, by the same checks', async () => {
		const path = `/api/sessions/${session}/terminal/ws`;
		const plain = await ada.get(path);
		expect(plain).toMatchObject({ status: 426, error: { code: 'needs-websocket' } });
		const open = (browser: Browser, query = '', origin = web.url) => {
			const headers = { origin, cookie: `${SESSION_COOKIE}=${browser.cookie}` };
			const socket = new WebSocket(`${web.url.replace('http', 'ws')}${path}${query}`, { headers });
			socket.on('error', () => {});
			return new Promise<string | number>((resolve) => {
				socket.once('open', () =>
					setImmediate(() => socket.readyState === socket.OPEN && socket.send('x')),
				);
				socket.once('message', () => (socket.terminate(), resolve('open')));
				socket.once('close', resolve);
				socket.once('unexpected-response', (_, { statusCode }) => resolve(statusCode ?? 0));
			});
		};
		expect(await open(browsers.student, '?terminal=2')).toBe('open');
		expect(runnerd.terminalRequests.at(-1)!.url).toBe(`/terminal/${session}/2`);
		expect(await open(browsers.student)).toBe('open');
		expect(runnerd.terminalRequests.at(-1)!.url).toBe(`/terminal/${session}/1`);
		expect(await open(browsers.other)).toBe(4403);
		expect(await open(browsers.student, '?terminal=0')).toBe(4404);
		expect(await open(browsers.student, '', 'http://evil.example')).toBe(403);
	});
});

describe('files', () => {
	it('are listed, read, made, written, renamed and deleted', async () => {
		const list = (await ada.get(at())).body as { files: FileInfo[] };
		expect(list.files.map((file) => file.path)).toContain('app.py');
		const made = await ada.post(at(), { json: { path: 'notes/plan.md', text: 'one\r\ntwo\r\n' } });
		expect(made).toMatchObject({ status: 201, body: { file: { kind: 'text', size: 10 } } });
		const read = await ada.get(at('notes/plan.md'));
		expect(read.body).toMatchObject({ text: 'one\r\ntwo\r\n' });
		const etag = read.headers.get('etag')!;
		expect(etag).toBe(made.headers.get('etag'));
		const same = await ada.get(at('notes/plan.md'), { headers: { 'if-none-match': etag } });
		expect(same.status).toBe(304);
		const written = await write('notes/plan.md', 'one\r\nthree\r\n', { 'if-match': etag });
		expect(written.status).toBe(200);
		expect(await textOf('notes/plan.md')).toBe('one\r\nthree\r\n');
		const late = await write('notes/plan.md', 'lost', { 'if-match': etag });
		expect(late).toMatchObject({ status: 412, error: { current: written.headers.get('etag') } });
		expect((await write('new.txt', '', { 'if-none-match': '*' })).status).toBe(201);
		expect((await write('new.txt', '', { 'if-none-match': '*' })).status).toBe(412);
		expect((await write('none.txt', '', { 'if-match': '*' })).error.current).toBeNull();
		const moved = await ada.post(at(), { json: { from: 'notes', path: 'docs/notes' } });
		expect(moved).toMatchObject({ status: 200, body: { file: { path: 'docs/notes' } } });
		expect(await textOf('docs/notes/plan.md')).toBe('one\r\nthree\r\n');
		expect((await ada.get(at('notes/plan.md'))).status).toBe(404);
		expect((await ada.post(at(), { json: { path: 'empty', kind: 'dir' } })).status).toBe(201);
		for (const path of ['docs', 'empty', 'new.txt']) {
			expect((await ada.delete(at(path))).status).toBe(204);
			expect((await ada.delete(at(path))).status).toBe(404);
		}
		expect((await ada.get(at())).body).toEqual(list);
	});

	it('are refused where none can be, and nothing is changed', async () => {
		const before = (await ada.get(at())).body;
		const refused = async (json: object) => (await ada.post(at(), { json })).error.code;
		expect(await refused({ path: 'app.py', text: '' })).toBe('path-taken');
		expect(await refused({ path: 'app.py/x', text: '' })).toBe('parent-is-a-file');
		expect(await refused({ path: 'x', from: 'nothing' })).toBe('no-such-file');
		expect(await refused({ path: 'pages/x', from: 'pages' })).toBe('into-itself');
		expect(await refused({ path: 'app.py', from: 'pages' })).toBe('path-taken');
		expect((await write('pages', 'text')).error.code).toBe('is-a-folder');
		expect(await refused({ path: 'x', text: 'a\0b' })).toBe('bad-text');
		expect((await write('x', '\ud800')).error.code).toBe('bad-text');
		expect((await ada.get(at())).body).toEqual(before);
	});

	it.each([
		['..', '".." can\'t be'],
		['a/../../etc/passwd', '".." can\'t be'],
		['/etc/passwd', 'without a leading'],
		['a\0b', 'characters'],
		['invoice\u202egpj.sh', 'characters'],
		['a\u200fb', 'characters'],
		['a\\b', 'characters'],
		['x'.repeat(5_000), 'too long'],
		['.git/config', 'never synced'],
		['node_modules/x', 'never synced'],
		['', 'missing'],
		['a//b', 'missing'],
	])('refuse the path %j', async (path, words) => {
		const asked = [
			await ta.get(at(path)),
			await ta.put(at(path), { json: { text: '' } }),
			await ta.delete(at(path)),
			await ta.post(at(), { json: { path, text: '' } }),
			await ta.post(at(), { json: { path, from: 'app.py' } }),
			await ta.post(at(), { json: { path: 'x', from: path } }),
		];
		for (const each of asked) {
			expect(each).toMatchObject({ status: 400, error: { code: 'bad-path' } });
			expect(each.error.hint).toContain(words);
		}
	});

	it('refuse bodies that are none, too large, or of another kind', async () => {
		const type = { 'content-type': 'application/json; charset=utf-8' };
		const put = (body: BodyInit, headers: Record<string, string> = type) =>
			ada.put(at('x'), { body, headers });
		expect((await put('{"text": "a",}')).error.code).toBe('bad-json');
		expect((await put('')).error.code).toBe('bad-json');
		expect((await put(new Uint8Array([0x22, 0xff, 0x22]))).error.code).toBe('bad-json');
		for (const wrong of ['{}', '[]', 'null', '{"text": 1}', '{"text": "", "mode": 1}']) {
			expect((await put(wrong)).error, wrong).toMatchObject({ code: 'bad-request' });
		}
		for (const kind of ['text/plain', 'multipart/form-data; boundary=x', 'application/xml']) {
			expect((await put('{"text":""}', { 'content-type': kind })).status).toBe(415);
		}
		const long = 'x'.repeat(FILE_LIMITS.text);
		expect((await write('x', `${long}x`)).error).toMatchObject({ code: 'too-large' });
		const huge = JSON.stringify({ text: long + long });
		expect((await put(huge)).status).toBe(413);
		expect((await put(new Blob([huge]).stream())).status).toBe(413);
		expect((await ada.get(at('x'))).status).toBe(404);
		expect((await write('x', long)).status).toBe(201);
		expect((await ada.delete(at('x'))).status).toBe(204);
	});

	it('lose nothing of what people and other programs write meanwhile', async () => {
		const lines = Array.from({ length: 20 }, (_, n) => `line ${n}\n`);
		expect((await write('shared.txt', lines.join(''))).status).toBe(201);
		using page = openDocument(browsers.ta, session);
		const { doc } = page;
		const text = await until(
			'the file',
			() => liveFiles(doc).find((file) => file.path === 'shared.txt')?.text,
		);
		/** Reads, changes one line, writes; once more if the file has changed meanwhile. */
		const change = async (n: number): Promise<void> => {
			const read = await ada.get(at('shared.txt'));
			const changed = (read.body as { text: string }).text.replace(`line ${n}`, `$& put`);
			const etag = read.headers.get('etag')!;
			const { status } = await write('shared.txt', changed, { 'if-match': etag });
			return status === 412 ? change(n) : expect(status).toBe(200);
		};
		const programs = Promise.all([0, 2, 4].map(change));
		let typed = '';
		for (const character of ' someone typed this meanwhile') {
			const now = text.toString();
			text.insert(now.indexOf('line 11') + 'line 11'.length + typed.length, character);
			typed += character;
			await new Promise(setImmediate);
		}
		await programs;
		await until('both to agree', async () => (await textOf('shared.txt')) === text.toString());
		const expected = lines.map((line, n) =>
			[0, 2, 4].includes(n) ? `line ${n} put\n` : n === 11 ? `line 11${typed}\n` : line,
		);
		expect(text.toString()).toBe(expected.join(''));
	});

	it('leave one writer in the document, however often a program writes', async () => {
		for (let n = 0; n < 5; n += 1) await write('often.txt', String(n));
		const [row] = await database.connection.sql<{ count: number }[]>`
			select count(*)::int as count from doc_clients
			where room = ${`workspace:${session}`} and user_id = ${room.people.student.id}`;
		// One for all that Ada's programs wrote, and one for the starter, which is hers as well.
		expect(row!.count).toBeLessThanOrEqual(2);
	});
});

describe('judging', () => {
	it('makes an attempt, and tells its verdict to those who may know', async () => {
		expect((await ada.get(`/api/judge/${LAB}`)).body).toEqual({ attempt: null });
		const first = await ada.post(`/api/judge/${LAB}`);
		expect(first).toMatchObject({ status: 202, body: { number: 1, session, verdict: null } });
		const { id } = first.body as { id: string };
		const again = await ada.post(`/api/judge/${LAB}`);
		expect(again.body).toMatchObject({ id });
		const put = await until('the run', () => runnerd.puts.find(({ key }) => key.startsWith(id)));
		runnerd.finish(put.key, {
			status: 'done',
			verdict: {
				status: 'failed',
				failures: [{ code: 'build-failed', message: 'm', hint: 'h', evidence: [] }],
				checks: [],
				metrics: { durationMs: 7.5 },
			},
			judgeDigest: 'judge-1',
			log: [],
		});
		await until('the verdict', async () => {
			const { body } = await ada.get(`/api/attempts/${id}`);
			return (body as { status: string }).status === 'failed';
		});
		const latest = await ada.get(`/api/judge/${LAB}`);
		expect(latest.body).toMatchObject({
			attempt: { id, verdict: { failures: [{ code: 'build-failed' }] } },
		});
		expect((await ta.get(`/api/attempts/${id}`)).status).toBe(200);
		expect((await bob.get(`/api/attempts/${id}`)).error.code).toBe('no-such-attempt');
		expect((await ta.get(`/api/judge/${LAB}`)).error.code).toBe('not-started');
		expect((await ta.post(`/api/judge/${LAB}`)).error.code).toBe('not-started');
	});
});

describe('trouble', () => {
	it('is told in the same shape: too many requests, and parts that are away', async () => {
		const many = () => Array.from({ length: 100 }, () => bob.post('/api/judge/99-none'));
		const slowed = await until('to be slowed down', async () =>
			(await Promise.all(many())).find((each) => each.status === 429),
		);
		expect(Number(slowed.headers.get('retry-after'))).toBeGreaterThan(0);
		expect((await bob.get('/api/auth/me')).status).toBe(200);

		await using alone = await startWeb({ databaseUrl: database.url, keys: services.keys });
		const browser = await new Browser(alone.url).signIn(room.people.student.email);
		const client = ada.as(browser);
		expect(await client.get(at())).toMatchObject({ status: 503, error: { code: 'unavailable' } });
		expect((await client.put(at('x'), { json: { text: '' } })).status).toBe(503);
		expect((await client.post(`/api/labs/${LAB}/start`)).error.code).toBe('no-sandbox');
		expect((await client.get(`/api/sessions/${session}`)).body).toMatchObject({
			sandbox: { status: 'unknown' },
		});
		await database.connection.sql`alter table sessions rename to gone`;
		expect(await client.get('/api/labs')).toMatchObject({ status: 500, error: { code: 'broken' } });
		await database.connection.sql`alter table gone rename to sessions`;
	});

	it('keeps a request that is cut off from hurting the next', async () => {
		const { hostname, port } = new URL(web.url);
		await new Promise<void>((resolve) => {
			const cut = httpRequest({
				...{ hostname, port, path: at('x'), method: 'PUT' },
				headers: {
					origin: web.url,
					cookie: `${SESSION_COOKIE}=${browsers.student.cookie}`,
					'content-type': 'application/json',
					'content-length': '1000',
				},
			});
			cut.on('error', () => resolve());
			cut.write('{"text": "half', () => cut.destroy());
			cut.once('close', () => resolve());
		});
		expect((await ada.get(at('x'))).status).toBe(404);
	});
});
