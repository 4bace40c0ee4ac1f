// Attempts as staff and students find them, and judging them again; runnerd is stood in for.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { attemptById, insertAttempt, settle } from '@containrlab/db/queries/attempts.ts';
import { addMember, createClass } from '@containrlab/db/queries/classes.ts';
import { runsOf } from '@containrlab/db/queries/attempt-runs.ts';
import { keepBlobs, shaOf } from '@containrlab/db/queries/blobs.ts';
import { keepLabVersion, openWorkspace } from '@containrlab/db/queries/workspaces.ts';
import type { AttemptFile } from '@containrlab/db/schema.ts';
import { testDatabase, type TestDatabase } from '@containrlab/db/testing.ts';
import { readCatalog } from '@containrlab/labs/catalog.ts';
import { newId } from '@containrlab/protocol/id.ts';
import type { Lab } from '@containrlab/protocol/lab.ts';
import { DEFAULT_LIMITS, type JudgeRun } from '@containrlab/protocol/sandbox.ts';
import type { Verdict } from '@containrlab/protocol/verdict.ts';
import { fileURLToPath } from 'node:url';
import { StandInRunnerd } from './testing-services.ts';
import {
	BUILD_MS,
	Browser,
	classroom,
	LAB,
	startWeb,
	until,
	type Classroom,
	type TestWeb,
} from './testing.ts';

type Who = 'outsider' | 'other' | 'student' | 'ta' | 'instructor';
const everyone: Who[] = ['outsider', 'other', 'student', 'ta', 'instructor'];

let database: TestDatabase;
let runnerd: StandInRunnerd;
let runnerdUrl: string;
let web: TestWeb;
let room: Classroom;
let lab: Lab;
let workspace: string;
let browsers: Record<Who, Browser>;

const boot = () => startWeb({ databaseUrl: database.url, runnerdUrl });

beforeAll(async () => {
	database = await testDatabase();
	const { db } = database.connection;
	room = await classroom(db);
	runnerd = new StandInRunnerd();
	runnerdUrl = await runnerd.listen();
	web = await boot();
	const { labs } = await readCatalog(fileURLToPath(new URL('../labs', import.meta.url)));
	lab = labs.find((each) => each.slug === LAB)!;
	await keepLabVersion(db, lab);
	const ownerId = room.people.student.id;
	({ id: workspace } = await openWorkspace(db, { classId: room.class.id, ownerId, lab }));
	browsers = await signedIn();
}, BUILD_MS);
afterAll(async () => {
	await web?.[Symbol.asyncDispose]();
	await runnerd?.[Symbol.asyncDispose]();
	await database?.[Symbol.asyncDispose]();
});
beforeEach(() => {
	runnerd.judge = () => ({ status: 'running', phase: 'prepare' });
});

async function signedIn(): Promise<Record<Who, Browser>> {
	const browser = (who: Who) => new Browser(web.url).signIn(room.people[who].email);
	return Object.fromEntries(
		await Promise.all(everyone.map(async (who) => [who, await browser(who)] as const)),
	) as Record<Who, Browser>;
}

const failed = (code = 'build-failed'): Verdict => {
	const evidence = [{ kind: 'line' as const, file: 'Dockerfile', line: 2, text: 'COPY x y' }];
	const failure = { code, message: 'There is no x.', hint: 'Copy y.', evidence };
	return {
		...{ status: 'failed', failures: [failure], metrics: { durationMs: 40, buildMs: 30 } },
		checks: [
			{ id: 'a', title: 'a', phase: 'read', status: 'passed', durationMs: 1 },
			{ id: 'b', title: 'b', phase: 'build', status: 'failed', durationMs: 9, failure },
		],
	};
};
const passed: Verdict = {
	...{ status: 'passed', metrics: { durationMs: 50, imageBytes: 123_000_000 } },
	checks: [{ id: 'a', title: 'a', phase: 'read', status: 'passed', durationMs: 1 }],
};
const broken: Verdict = {
	...{ status: 'error', code: 'engine', message: 'ours', checks: [], metrics: { durationMs: 1 } },
};
const done = (verdict: Verdict, text = 'printed'): JudgeRun => ({
	...{ status: 'done', verdict, judgeDigest: 'judge-2', log: [{ phase: 'build', text }] },
});

async function textFile(path: string, text: string): Promise<AttemptFile> {
	const bytes = new TextEncoder().encode(text);
	const sha = shaOf(bytes);
	await keepBlobs(database.connection.db, [{ sha, bytes }]);
	return { kind: 'text', path, mode: 0o644, size: bytes.length, sha };
}

/** An attempt of the student, judged without runnerd. */
async function attemptWith(
	verdict: Verdict,
	over: { files?: AttemptFile[]; labDigest?: string; log?: string; in?: string } = {},
): Promise<string> {
	const { db } = database.connection;
	const id = newId();
	await db.transaction((tx) =>
		insertAttempt(tx, {
			...{ id, workspaceId: over.in ?? workspace, submittedBy: room.people.student.id },
			...{ source: 'drained', logSeq: 1, left: [] },
			...{ files: over.files ?? [], labDigest: over.labDigest ?? lab.digest },
		}),
	);
	const log = [{ phase: 'build' as const, text: over.log ?? 'first run' }];
	await settle(db, { id, try: 1 }, { verdict, judgeDigest: 'judge-1', phases: [], log });
	return id;
}

const again = (who: Who, id: string) => browsers[who].post(`/attempts/${id}?/again`);
const rowOf = async (id: string) => (await attemptById(database.connection.db, id))!;
const settled = (id: string) =>
	until('a verdict', async () => {
		const row = await rowOf(id);
		return row.verdict ? row : undefined;
	});
const putsOf = (id: string) =>
	runnerd.puts.filter((put) => put.key.startsWith(id)).map((put) => put.key);
const textOf = async (who: Who, path: string) => (await browsers[who].get(path)).text();
const words = (html: string) =>
	html
		.replace(/<script[\s\S]*?<\/script>/g, '')
		.replace(/<!--[\s\S]*?-->/g, '')
		.replace(/<[^>]*>/g, ' ')
		.replace(/\s+/g, ' ');

describe('who reaches what', () => {
	it.each([
		[
			'the gradebook',
			() => `/classes/${room.class.id}/attempts/gradebook.csv`,
			[404, 403, 403, 200, 200],
		],
		[
			'a person',
			() => `/classes/${room.class.id}/people/${room.people.student.id}`,
			[404, 403, 403, 200, 200],
		],
		['their attempts', () => `/w/${workspace}/attempts`, [404, 404, 200, 200, 200]],
	] as const)('%s', async (_name, path, expected) => {
		const got = [];
		for (const who of everyone) got.push((await browsers[who].get(path())).status);
		expect(got).toEqual(expected);
	});

	it('an attempt, its changes, its log and its files', async () => {
		const id = await attemptWith(passed);
		for (const path of ['', '/changes', '/log', '/download']) {
			const got = [];
			for (const who of everyone) {
				const response = await browsers[who].get(`/attempts/${id}${path}`);
				got.push(response.status);
				await response.body?.cancel();
			}
			expect([path, ...got]).toEqual([path, 404, 404, 200, 200, 200]);
		}
	});

	it('what a terminal showed, as runnerd tells it', async () => {
		const recording = newId();
		const parts = ['{"version":2,"width":80,"height":24}\n', '[1,"o","<script>\\u0000"]\n'];
		parts.forEach((cast, seq) =>
			runnerd.emit({ type: 'recording', workspace, recording, terminal: '1', seq, cast }),
		);
		const list = `/w/${workspace}/recordings`;
		await until('both parts', async () => {
			const answer = await browsers.ta.get(`${list}/${recording}/cast`);
			return answer.ok && (await answer.text()) === parts.join('');
		});
		for (const path of [list, `${list}/${recording}`, `${list}/${recording}/cast`]) {
			const got = [];
			for (const who of everyone) got.push((await browsers[who].get(path)).status);
			expect([path, ...got]).toEqual([path, 404, 404, 200, 200, 200]);
		}
		// By another workspace's address it can't be had either.
		const mine = await browsers.other.openLab(room.class.id);
		for (const path of ['', '/cast']) {
			const answer = await browsers.other.get(`/w/${mine}/recordings/${recording}${path}`);
			expect(answer.status).toBe(404);
		}
		const { headers } = await browsers.student.get(`${list}/${recording}/cast`);
		expect(headers.get('content-disposition')).toMatch(/^attachment/);
	});

	it('judging again', async () => {
		const id = await attemptWith(failed());
		const got = [];
		for (const who of ['outsider', 'other', 'student'] as const) {
			got.push((await again(who, id)).status);
		}
		expect(got).toEqual([404, 404, 403]);
		const errors = `/classes/${room.class.id}/attempts?/errors`;
		expect((await browsers.student.post(errors)).status).toBe(403);
		expect((await browsers.outsider.post(errors)).status).toBe(404);
		expect((await rowOf(id)).try).toBe(1);
		expect(putsOf(id)).toEqual([]);
	});

	it('a person who is in another class is nobody here', async () => {
		const path = `/classes/${room.class.id}/people/${room.people.outsider.id}`;
		expect((await browsers.ta.get(path)).status).toBe(404);
		expect((await browsers.ta.get(`/classes/${room.class.id}/people/%00`)).status).toBe(404);
	});
});

describe('the table', () => {
	it('is filtered and sorted by its address, without a script', async () => {
		const id = await attemptWith(failed('only-here'));
		const path = `/classes/${room.class.id}/attempts`;
		const page = await textOf('ta', `${path}?code=only-here&student=&lab=${LAB}&show=all`);
		expect(page).toContain(`/attempts/${id}"`);
		expect(words(page)).toContain('1 attempt: 0 passed, 1 failed');
		expect(page).toMatch(/aria-sort="descending"[^>]*>\s*(<!--.*?-->)*<a[^>]*>\s*When/);
		const other = await textOf('ta', `${path}?code=only-here&student=${room.people.other.id}`);
		expect(other).not.toContain(id);
		expect(words(other)).toContain('No attempt fits');
		// What isn't understood is left out, whatever it is.
		const odd = await browsers.ta.get(`${path}?sort=%00&after=x&from=9999-99-99&status=passed%27`);
		expect(odd.status).toBe(200);
	});

	it('goes on to the next page by its place', async () => {
		const { people } = room;
		const { db } = database.connection;
		const { id } = await openWorkspace(db, {
			classId: room.class.id,
			ownerId: people.other.id,
			lab,
		});
		for (let n = 0; n < 53; n += 1) await attemptWith(passed, { in: id });
		const path = `/classes/${room.class.id}/attempts?student=${people.other.id}`;
		const first = await textOf('ta', path);
		const next = /href="([^"]*after=[^"]*)"/.exec(first)![1]!.replaceAll('&amp;', '&');
		const second = await textOf('ta', next);
		const ids = (page: string) => new Set(page.match(/(?<=\/attempts\/)[a-z0-9]{12,}(?=")/g));
		expect(ids(first).size).toBe(50);
		expect(ids(second).size).toBe(3);
		expect([...ids(second)].filter((each) => ids(first).has(each))).toEqual([]);
	});

	it('becomes a gradebook whose names are no formulas', async () => {
		const guest = new Browser(web.url);
		await guest.post(`/join/${room.class.joinCode}?/guest`, { name: '=1+1,"x"' });
		const response = await browsers.ta.get(`/classes/${room.class.id}/attempts/gradebook.csv`);
		expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
		expect(response.headers.get('content-disposition')).toMatch(
			/^attachment; filename="Docker 101/,
		);
		const rows = (await response.text()).split('\r\n');
		expect(rows.find((row) => row.includes('1+1'))).toBe(
			`"'=1+1,""x""","","First Dockerfile","not submitted","","","","0",""`,
		);
		expect(rows.find((row) => row.includes('Bob'))).toMatch(
			/^"Bob","","First Dockerfile","passed","1","1","0","53","20\d\d-[\d-]+T[\d:.]+Z"$/,
		);
	});
});

describe('an attempt', () => {
	it('shows what changed since the starter and since the one before', async () => {
		const before = await textFile('Dockerfile', 'FROM scratch\n');
		const starter = await Promise.all(
			lab.starter.flatMap((file) =>
				file.kind === 'text' && file.path !== 'Dockerfile' ? [textFile(file.path, file.text)] : [],
			),
		);
		await attemptWith(failed(), { files: [...starter, before] });
		const after = await textFile('Dockerfile', 'FROM scratch\nCOPY . .\n');
		const id = await attemptWith(failed(), { files: [...starter, after] });
		const changes = async (since: string) =>
			(await browsers.student.get(`/attempts/${id}/changes?since=${since}`)).json();
		expect(await changes('previous')).toEqual([
			{
				...{ path: 'Dockerfile', before: { kind: 'text', text: 'FROM scratch\n' } },
				after: { kind: 'text', text: 'FROM scratch\nCOPY . .\n' },
			},
		]);
		const sinceStarter = (await changes('starter')) as { path: string; after: unknown }[];
		expect(sinceStarter.map((change) => change.path)).toContain('Dockerfile');
		expect(sinceStarter.map((change) => change.path)).not.toContain('app.py');
	});

	it('leads from evidence to the line, and shows its log as text in colours', async () => {
		const log = '\x1b[31mred\x1b[0m <script>alert(1)</script> \x1b]0;title\x07end';
		const id = await attemptWith(failed(), { log });
		const page = await textOf('student', `/attempts/${id}`);
		expect(page).toContain('href="#file:Dockerfile:2"');
		expect(page).toContain('<span class="ansi-red">red</span>');
		expect(page).not.toContain('<script>alert');
		expect(page).not.toMatch(/<[a-z]+[^>]* style="/);
		const whole = await browsers.student.get(`/attempts/${id}/log?download`);
		expect(whole.headers.get('content-disposition')).toMatch(/^attachment/);
		expect(await whole.text()).toContain('\x1b[31mred');
	});

	it('tells a person’s progress to them and to staff, and our trouble is no failure', async () => {
		const guest = new Browser(web.url);
		await guest.post(`/join/${room.class.joinCode}?/guest`, { name: 'Prue' });
		const opened = await guest.get(`/classes/${room.class.id}/labs/${LAB}`);
		const own = opened.headers.get('location')!.slice('/w/'.length);
		const [owner] = await database.connection.sql<{ id: string }[]>`
			select owner_id as id from workspaces where id = ${own}`;
		await attemptWith(broken, { in: own });
		await attemptWith(failed(), { in: own });
		const person = `/classes/${room.class.id}/people/${owner!.id}`;
		const seen = words(await textOf('ta', person));
		expect(seen).toContain('In progress');
		expect(seen).toContain('not judged');
		expect(seen).toContain('1 of 2');
		expect(seen).toContain('There is no x.');
		expect(seen).toContain('Labs passed 0 of 1');
		await attemptWith(passed, { in: own });
		expect(words(await textOf('ta', person))).toContain('Labs passed 1 of 1');
	});
});

describe('judging again', () => {
	it('runs the same files and version once more, and keeps what was said before', async () => {
		const files = [await textFile('Dockerfile', 'FROM scratch\n')];
		const id = await attemptWith(failed(), { files });
		expect((await again('ta', id)).status).toBe(200);
		const key = `${id}/2`;
		await until('the run', () => putsOf(id).includes(key));
		expect(runnerd.puts.find((put) => put.key === key)!.request).toEqual({
			...{ lab: LAB, labDigest: lab.digest, limits: DEFAULT_LIMITS },
			files: [{ kind: 'text', path: 'Dockerfile', mode: 0o644, text: 'FROM scratch\n' }],
		});
		const meanwhile = words(await textOf('student', `/attempts/${id}`));
		expect(meanwhile).toContain('again');
		expect(meanwhile).toContain('judged again by Tom');
		// One run at a time, however often one clicks.
		expect((await again('instructor', id)).status).toBe(409);
		runnerd.finish(key, done(passed, 'second run'));
		expect(await settled(id)).toMatchObject({ status: 'passed', try: 2, judgeDigest: 'judge-2' });
		expect(await runsOf(database.connection.db, id)).toMatchObject([
			{ try: 1, status: 'failed', by: 'Tom' },
		]);
		const page = words(await textOf('student', `/attempts/${id}`));
		expect(page).toMatch(/Run 1 Failed just now judged again by Tom just now/);
		expect(page).toMatch(/Run 2 Passed just now this one counts/);
		expect(page).toContain('second run');
		const former = words(await textOf('student', `/attempts/${id}?run=1`));
		expect(former).toContain('first run');
		expect(former).toContain('There is no x.');
		const [told] = await database.connection.sql`
			select payload from events where payload ->> 'attempt' = ${id} order by id desc limit 1`;
		expect(told!['payload']).toMatchObject({ class: room.class.id, status: 'passed', again: true });
	});

	it('takes no verdict away when the trouble is ours', async () => {
		const id = await attemptWith(passed);
		runnerd.judge = () => done(broken);
		expect((await again('ta', id)).status).toBe(200);
		const row = await settled(id);
		expect(row).toMatchObject({ status: 'passed', try: 1, judgeDigest: 'judge-1' });
		expect(putsOf(id)).toEqual([`${id}/2`, `${id}/3`, `${id}/4`]);
		expect(await runsOf(database.connection.db, id)).toMatchObject([
			{ try: 4, status: 'error', by: 'Tom' },
		]);
		expect(words(await textOf('student', `/attempts/${id}`))).toContain('it doesn’t count');
		// The next one gets a number of its own.
		runnerd.judge = () => done(failed());
		await again('instructor', id);
		expect(await settled(id)).toMatchObject({ status: 'failed', try: 5 });
		const kept = await runsOf(database.connection.db, id);
		expect(kept.map((run) => [run.try, run.status, run.by])).toEqual([
			[1, 'passed', 'Iris'],
			[4, 'error', 'Tom'],
		]);
	});

	it('is ended by staff alone, and the verdict that it had stands again', async () => {
		const id = await attemptWith(passed);
		expect((await again('ta', id)).status).toBe(200);
		await until('the run', () => putsOf(id).includes(`${id}/2`));
		const cancel = (who: Who) => browsers[who].post(`/attempts/${id}?/cancel`);
		expect((await cancel('student')).status).toBe(403);
		expect((await rowOf(id)).verdict).toBeNull();
		expect((await cancel('instructor')).status).toBe(200);
		await until('the end of the run', () => runnerd.acknowledged.includes(`${id}/2`));
		expect(await rowOf(id)).toMatchObject({ status: 'passed', try: 1, judgeDigest: 'judge-1' });
		expect(await runsOf(database.connection.db, id)).toMatchObject([
			{ try: 2, status: 'withdrawn', by: 'Tom' },
		]);
	});

	it('ends in one verdict although web is killed meanwhile, and asked twice at once', async () => {
		const id = await attemptWith(failed());
		const asked = await Promise.all([again('ta', id), again('instructor', id)]);
		expect(asked.map((response) => response.status).toSorted()).toEqual([200, 409]);
		await until('the run', () => putsOf(id).includes(`${id}/2`));
		web.child.kill('SIGKILL');
		await web[Symbol.asyncDispose]();
		runnerd.finish(`${id}/2`, done(passed));
		web = await boot();
		browsers = await signedIn();
		expect(await settled(id)).toMatchObject({ status: 'passed', try: 2 });
		await until('the acknowledgement', () => runnerd.acknowledged.includes(`${id}/2`));
		expect(new Set(putsOf(id))).toEqual(new Set([`${id}/2`]));
		expect(await runsOf(database.connection.db, id)).toHaveLength(1);
	});

	it('forgets a run that comes late', async () => {
		const { db } = database.connection;
		const id = await attemptWith(failed());
		await again('ta', id);
		await until('the run', () => putsOf(id).includes(`${id}/2`));
		const late = { verdict: passed, judgeDigest: 'late', phases: [], log: [] };
		expect(await settle(db, { id, try: 1 }, late)).toBeUndefined();
		runnerd.finish(`${id}/2`, done(failed('other')));
		expect(await settled(id)).toMatchObject({ status: 'failed', try: 2, judgeDigest: 'judge-2' });
	});

	it('doesn’t stand in the way of new work', async () => {
		const id = await attemptWith(failed());
		await again('ta', id);
		await until('the run', () => putsOf(id).includes(`${id}/2`));
		const newer = await attemptWith(passed);
		expect(newer).not.toBe(id);
		expect((await rowOf(newer)).number).toBe((await rowOf(id)).number + 1);
		runnerd.finish(`${id}/2`, done(failed()));
		await settled(id);
	});

	it('is refused for a version of the lab that is gone, and changes nothing', async () => {
		const labDigest = `gone-${newId()}`;
		await keepLabVersion(database.connection.db, { ...lab, digest: labDigest });
		const id = await attemptWith(failed(), { labDigest });
		const response = await again('ta', id);
		expect(response.status).toBe(409);
		expect(words(await response.text())).toContain('The lab has changed since');
		expect(await rowOf(id)).toMatchObject({ status: 'failed', try: 1 });
	});

	it('takes all that we owe at once', async () => {
		const owed = [await attemptWith(broken), await attemptWith(broken)];
		runnerd.judge = () => done(passed);
		const path = `/classes/${room.class.id}/attempts`;
		expect(words(await textOf('ta', path))).toContain('Nobody failed by that');
		const response = await browsers.ta.post(`${path}?/errors`, { lab: LAB });
		expect(response.status).toBe(200);
		expect(words(await response.text())).toMatch(/attempts are being judged again/);
		for (const id of owed) expect(await settled(id)).toMatchObject({ status: 'passed', try: 2 });
	});
});

describe('staff’s word', () => {
	const decide = (who: Who, id: string, form: Record<string, string>) =>
		browsers[who].post(`/attempts/${id}?/override`, form);
	const restore = (who: Who, id: string) => browsers[who].post(`/attempts/${id}?/restore`);

	it('counts instead of the judge’s, with its reason, until it is taken back', async () => {
		const id = await attemptWith(failed());
		const word = { status: 'passed', reason: 'The proxy of our school was <b>down</b>.' };
		expect((await decide('student', id, word)).status).toBe(403);
		expect((await decide('other', id, word)).status).toBe(404);
		expect((await decide('ta', id, { ...word, reason: ' ' })).status).toBe(400);
		expect((await decide('ta', id, { ...word, status: 'error' })).status).toBe(400);
		expect(await rowOf(id)).toMatchObject({ status: 'failed', override: null });
		expect((await decide('ta', id, word)).status).toBe(200);
		expect(await rowOf(id)).toMatchObject({ status: 'passed', verdict: { status: 'failed' } });
		const page = await textOf('student', `/attempts/${id}`);
		expect(words(page)).toMatch(/This counts as passed\. Decided by Tom just now/);
		expect(page).toContain('was &lt;b>down&lt;/b>.');
		expect(page).toContain('There is no x.');
		expect((await restore('student', id)).status).toBe(403);
		expect((await restore('instructor', id)).status).toBe(200);
		expect(await rowOf(id)).toMatchObject({ status: 'failed', override: null });
		const audited = await database.connection.sql<
			{ actor: string; action: string; detail: unknown }[]
		>`
			select actor_id as actor, action, detail from audit where subject = ${id} order by id`;
		expect([...audited]).toEqual([
			{ actor: room.people.ta.id, action: 'attempt.override', detail: word },
			{
				...{ actor: room.people.instructor.id, action: 'attempt.override-taken-back' },
				detail: null,
			},
		]);
	});

	it('outlives another run of the judge, and waits for the one that is open', async () => {
		const id = await attemptWith(failed());
		await decide('ta', id, { status: 'passed', reason: 'Seen at the desk.' });
		await again('ta', id);
		await until('the run', () => putsOf(id).includes(`${id}/2`));
		expect((await decide('ta', id, { status: 'failed', reason: 'x' })).status).toBe(409);
		runnerd.finish(`${id}/2`, done(failed('other')));
		const row = await settled(id);
		expect(row).toMatchObject({ status: 'passed', try: 2, verdict: { status: 'failed' } });
		const kept = await runsOf(database.connection.db, id);
		expect(kept.map((run) => run.status)).toEqual(['failed']);
		await restore('ta', id);
		expect(await rowOf(id)).toMatchObject({ status: 'failed' });
	});

	it('is all or nothing in the gradebook', async () => {
		const guest = new Browser(web.url);
		await guest.post(`/join/${room.class.joinCode}?/guest`, { name: 'Olga' });
		const own = await guest.openLab(room.class.id);
		const id = await attemptWith(failed(), { in: own });
		const points = async () => {
			const csv = await textOf('ta', `/classes/${room.class.id}/attempts/gradebook.csv`);
			return csv.split('\r\n').find((row) => row.startsWith('"Olga"'));
		};
		expect(await points()).toContain('"failed","1","2","0"');
		await decide('ta', id, { status: 'passed', reason: 'Shown at the desk.' });
		expect(await points()).toContain('"passed","2","2","0"');
		await decide('ta', id, { status: 'failed', reason: 'It was not theirs.' });
		expect(await points()).toContain('"failed","0","2","0"');
	});
});

describe('a lab judged again', () => {
	it('is reported by what changed, to staff alone', async () => {
		const { db } = database.connection;
		const { id: classId } = await createClass(db, { name: 'Another', labs: [LAB] });
		const { student, ta, other } = room.people;
		for (const [{ id: userId }, role] of [
			[student, 'student'],
			[other, 'student'],
			[ta, 'ta'],
		] as const) {
			await addMember(db, { classId, userId, role });
		}
		const { id: work } = await openWorkspace(db, { classId, ownerId: student.id, lab });
		const [gets, loses, stays, ours] = [
			...[await attemptWith(failed(), { in: work }), await attemptWith(passed, { in: work })],
			...[await attemptWith(failed(), { in: work }), await attemptWith(passed, { in: work })],
		] as const;
		const gone = `gone-${newId()}`;
		await keepLabVersion(db, { ...lab, digest: gone });
		await attemptWith(passed, { in: work, labDigest: gone });
		const says = new Map([
			[gets, passed],
			[loses, failed('new-check')],
			[stays, failed()],
			[ours, broken],
		]);
		runnerd.judge = (_, key) => done(says.get(key.split('/')[0]!)!);
		const path = `/classes/${classId}/attempts/again`;
		expect((await browsers.student.post(path, { lab: LAB })).status).toBe(403);
		expect((await browsers.outsider.post(path, { lab: LAB })).status).toBe(404);
		expect((await browsers.ta.post(path, { lab: '09-none' })).status).toBe(400);
		const asked = await browsers.ta.post(path, { lab: LAB });
		expect(asked.status).toBe(303);
		const report = asked.headers.get('location')!;
		for (const id of says.keys()) await settled(id);
		const page = await textOf('ta', report);
		const said = words(page);
		expect(said).toMatch(/4 attempts, asked for by Tom just now : 2 verdicts changed \./);
		expect(said).toContain('1 attempt left as it was');
		expect(said).toMatch(/Ada 1 Failed build-failed judge judge-1 Passed judge judge-2/);
		expect(said).toMatch(/Ada 2 Passed judge judge-1 Failed new-check judge judge-2/);
		expect(page).not.toContain(`/attempts/${stays}"`);
		expect(page).not.toContain(`/attempts/${ours}"`);
		expect(words(await textOf('ta', path))).toMatch(/First Dockerfile just now Tom 4 attempts/);
		expect((await browsers.student.get(report)).status).toBe(403);
		// By another class's address it can't be had either.
		const elsewhere = report.replace(classId, room.class.id);
		expect((await browsers.ta.get(elsewhere)).status).toBe(404);
		expect((await browsers.ta.get(`${path}/%00`)).status).toBe(404);
	});
});
