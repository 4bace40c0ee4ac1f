// Who is here and who raised a hand: told to those concerned as it happens, on real sockets.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestDatabase } from '@containrlab/db/testing.ts';
import { openDocument, startServices, type TestServices } from './testing-services.ts';
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
let web: TestWeb;
let room: Classroom;
let ada: Browser;
let bob: Browser;
let ta: Browser;
let adas: string;
let bobs: string;

beforeAll(async () => {
	services = await startServices();
	({ database, web, room } = services);
	ada = await new Browser(web.url).signIn(room.people.student.email);
	bob = await new Browser(web.url).signIn(room.people.other.email);
	ta = await new Browser(web.url).signIn(room.people.ta.email);
	adas = await ada.openLab(room.class.id);
	bobs = await bob.openLab(room.class.id);
}, BUILD_MS);
afterAll(() => services?.[Symbol.asyncDispose]());

/** A page that has the document. */
async function documentOf(browser: Browser, workspace: string) {
	const page = openDocument(browser, workspace);
	await until('the document', () => page.provider.synced);
	return page;
}

type Told = { type?: string } & Record<string, unknown>;

/** Everything that a browser is told from now on; what is only told in passing is of type `presence`. */
async function told(browser: Browser) {
	const ending = new AbortController();
	const response = await browser.send('/events', { signal: ending.signal });
	const all: Told[] = [];
	let begun = false;
	void (async () => {
		let rest = '';
		for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
			const frames = (rest + chunk).split('\n\n');
			rest = frames.pop() ?? '';
			for (const frame of frames) {
				if (frame.includes('event: hello')) begun = true;
				const data = /^data: (.*)$/m.exec(frame)?.[1];
				if (data === undefined || data === '{}') continue;
				const presence = frame.startsWith('event: presence');
				all.push({ ...(presence && { type: 'presence' }), ...(JSON.parse(data) as Told) });
			}
		}
	})().catch(() => {});
	await until('the stream', () => begun);
	return { all, [Symbol.dispose]: () => ending.abort() };
}

const say = (browser: Browser, workspace: string, what: string, body: unknown) =>
	browser.send(`/w/${workspace}/${what}`, { method: 'POST', body: JSON.stringify(body) });
const livePage = async (browser: Browser) =>
	(await browser.get(`/classes/${room.class.id}`)).text();

describe('presence', () => {
	it('is told to staff alone: that one came, at which file, and that one typed', async () => {
		using staff = await told(ta);
		using other = await told(bob);
		using self = await told(ada);
		const { sql } = database.connection;
		await sql`update workspaces set last_active_at = 'epoch' where id = ${adas}`;
		const before = Date.now();
		{
			using page = await documentOf(ada, adas);
			// Staff who look are not there as the student.
			using _visit = await documentOf(ta, bobs);
			await say(ada, adas, 'here', { file: 'Dockerfile' });
			const place = { workspace: adas, class: room.class.id, owner: room.people.student.id };
			const here = { type: 'presence', ...place, lab: LAB, here: true, activeAt: null };
			await until('the file', () => staff.all.some((event) => event['file'] === 'Dockerfile'));
			expect(staff.all).toEqual([
				{ ...here, file: null },
				{ ...here, file: 'Dockerfile' },
			]);
			page.doc.getMap('test').set('typed', true);
			await until('the typing', () => Number(staff.all.at(-1)?.['activeAt']) >= before);
			await until('when it was last worked on', async () => {
				const [row] = await sql`select last_active_at from workspaces where id = ${adas}`;
				return new Date(String(row!['last_active_at'])).getTime() >= before - 1_000;
			});
			expect(await livePage(ta)).toContain('1 of 2 here');
			expect(await livePage(bob)).not.toContain(adas);
		}
		await until('the end', () => staff.all.at(-1)?.['here'] === false);
		expect(await livePage(ta)).toContain('0 of 2 here');
		expect(other.all).toEqual([]);
		expect(self.all).toEqual([]);
		const stored = await sql`select 1 from events where type = 'presence'`;
		expect(stored).toHaveLength(0);
	});
});

describe('a hand', () => {
	it('goes up before staff and its owner, first on the list, and comes down answered', async () => {
		using staff = await told(ta);
		using owner = await told(bob);
		using other = await told(ada);
		using _here = await documentOf(ada, adas);
		await say(bob, bobs, 'hand', { question: ' Why \u202e does <b>COPY</b> fail? ' });
		const question = 'Why does <b>COPY</b> fail?';
		const up = { type: 'hand', workspace: bobs, hand: { question }, answeredBy: null };
		const hands = (all: Told[]) => all.filter((event) => event.type === 'hand');
		for (const { all } of [staff, owner]) {
			await until('the hand', () => hands(all).length === 1);
			expect(hands(all)[0]).toMatchObject(up);
		}
		const list = await livePage(ta);
		expect(list).toContain('1 of 2 here, 1 hand');
		expect(list).toContain('Why does &lt;b>COPY&lt;/b> fail?');
		const [bobsRow, adasRow] = ['other', 'student'].map((who) =>
			list.indexOf(`data-student="${room.people[who as 'other' | 'student'].id}"`),
		);
		expect(bobsRow).toBeGreaterThan(0);
		expect(bobsRow).toBeLessThan(adasRow!);

		// Asked otherwise, it is the same hand and keeps its place.
		const again = await say(bob, bobs, 'hand', { question: 'And now?' });
		const { hand } = (await again.json()) as { hand: Record<string, unknown> };
		expect(hand).toEqual({ ...(hands(staff.all)[0]!['hand'] as object), question: 'And now?' });

		const answered = `/classes/${room.class.id}?/answered`;
		expect((await ta.post(answered, { workspace: bobs })).status).toBe(200);
		const answer = { hand: null, answeredBy: { id: room.people.ta.id, name: 'Tom' } };
		await until('the answer', () => owner.all.at(-1)?.['hand'] === null);
		expect(owner.all.at(-1)).toMatchObject(answer);
		expect((await ta.post(answered, { workspace: bobs })).status).toBe(409);
		expect(hands(other.all)).toEqual([]);
		const data = await (await bob.get(`/w/${bobs}/__data.json`)).text();
		expect(data).not.toContain('And now?');
	});

	it('is one, however often it is raised at once, and its owner lowers it unanswered', async () => {
		using staff = await told(ta);
		await Promise.all(
			Array.from({ length: 5 }, () => say(ada, adas, 'hand', { question: 'Help' })),
		);
		await ada.send(`/w/${adas}/hand`, { method: 'DELETE' });
		await until('the end', () => staff.all.at(-1)?.['hand'] === null);
		expect(staff.all.at(-1)).toMatchObject({ answeredBy: null });
		const { sql } = database.connection;
		const rows = await sql`select lowered_by from hands where workspace_id = ${adas}`;
		expect(rows.map((row) => row['lowered_by'] as string)).toEqual([room.people.student.id]);
	});

	it('goes up no oftener than anyone means it', async () => {
		const statuses = new Set<number>();
		for (let times = 0; times < 40; times += 1) {
			statuses.add((await say(bob, bobs, 'hand', { question: '' })).status);
		}
		expect(statuses).toEqual(new Set([200, 429]));
		expect((await bob.send(`/w/${bobs}/hand`, { method: 'DELETE' })).status).toBe(200);
	});
});

// Last: what this process said of Bob outlives it in the others for a while.
describe('presence in several processes', () => {
	it('is known to every web process', async () => {
		await using second = await startWeb({
			databaseUrl: database.url,
			syncUrl: services.sync.url,
			keys: services.keys,
		});
		const elsewhere = new Browser(second.url);
		elsewhere.cookie = ta.cookie;
		await elsewhere.get('/classes');
		const through = new Browser(second.url);
		through.cookie = bob.cookie;
		using _page = await documentOf(through, bobs);
		for (const browser of [ta, elsewhere]) {
			await until('Bob', async () => (await livePage(browser)).includes('1 of 2 here'));
		}
	});
});
