// From Submit to verdict, through the real web, sync and Postgres; runnerd is stood in for.

import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { attemptById, attemptsOf, logOf } from '@containrlab/db/queries/attempts.ts';
import { blobsOfWorkspace, keepBlobs, linkBlobs, shaOf } from '@containrlab/db/queries/blobs.ts';
import type { TestDatabase } from '@containrlab/db/testing.ts';
import { workspaceById } from '@containrlab/db/queries/workspaces.ts';
import { workspaceRoom } from '@containrlab/protocol/id.ts';
import { DEFAULT_LIMITS, type JudgeRun } from '@containrlab/protocol/sandbox.ts';
import { createFile, listFiles, liveFiles } from '@containrlab/protocol/workspace-doc.ts';
import * as Y from 'yjs';
import { Documents } from './src/server/documents.ts';
import { Labs } from './src/server/labs.ts';
import { RunnerdClient } from './src/server/runnerd-client.ts';
import { Submissions } from './src/server/submit.ts';
import { SyncClient } from './src/server/sync-client.ts';
import {
	openDocument,
	startServices,
	type StandInRunnerd,
	type TestServices,
	type TestSync,
} from './testing-services.ts';
import {
	BUILD_MS,
	Browser,
	SERVICE_TOKEN,
	startWeb,
	until,
	type Classroom,
	type TestKeys,
	type TestWeb,
} from './testing.ts';

let services: TestServices;
let database: TestDatabase;
let keys: TestKeys;
let sync: TestSync;
let runnerd: StandInRunnerd;
let runnerdUrl: string;
let web: TestWeb;
let room: Classroom;

const boot = () => startWeb({ databaseUrl: database.url, syncUrl: sync.url, runnerdUrl, keys });

beforeAll(async () => {
	services = await startServices();
	({ database, keys, sync, runnerd, runnerdUrl, web, room } = services);
}, BUILD_MS);
afterAll(async () => {
	await web?.[Symbol.asyncDispose]();
	await services?.[Symbol.asyncDispose]();
});
beforeEach(() => {
	runnerd.judge = () => ({ status: 'running', phase: 'prepare' });
	runnerd.drained = { drained: true, files: [], left: [] };
});

const passed = (text = 'built'): JudgeRun => ({
	status: 'done',
	verdict: {
		status: 'passed',
		checks: [{ id: 'b', title: 'builds', phase: 'build', status: 'passed', durationMs: 7 }],
		metrics: { durationMs: 1234.5, imageBytes: 5_000_000_000 },
	},
	judgeDigest: 'judge-1',
	log: [{ phase: 'build', text }],
});
const broken: JudgeRun = {
	status: 'done',
	verdict: {
		status: 'error',
		code: 'engine',
		message: 'x',
		checks: [],
		metrics: { durationMs: 1 },
	},
	judgeDigest: 'judge-1',
	log: [],
};

/** A browser of a fresh guest, in a workspace of their own. */
async function guest(name: string): Promise<{ browser: Browser; workspace: string }> {
	const browser = new Browser(web.url);
	await browser.post(`/join/${room.class.joinCode}?/guest`, { name });
	return { browser, workspace: await browser.openLab(room.class.id) };
}

async function submit(browser: Browser, workspace: string): Promise<string> {
	const response = await browser.send(`/w/${workspace}/submit`, { method: 'POST' });
	expect(response.status).toBe(202);
	return ((await response.json()) as { attempt: string }).attempt;
}

const settled = (id: string, ms?: number) =>
	until(
		'a verdict',
		async () => {
			const row = await attemptById(database.connection.db, id);
			return row?.verdict ? row : undefined;
		},
		ms,
	);
const putOf = (attempt: string) =>
	until('the run', () => runnerd.puts.find((put) => put.key.startsWith(attempt)));

describe('submitting', () => {
	it('judges text, binary files and links as they were drained, once', async () => {
		const { browser, workspace } = await guest('Abe');
		await browser.send(`/w/${workspace}/sandbox`, { method: 'POST' });
		const bytes = new Uint8Array([0, 255, 1, 254]);
		const sha = shaOf(bytes);
		runnerd.blobs.set(sha, bytes);
		runnerd.drained.files = [
			{ kind: 'binary', path: 'logo.png', mode: 0o644, size: 4, sha },
			{ kind: 'link', path: 'latest', target: 'logo.png' },
		];
		const attempts = await Promise.all([
			submit(browser, workspace),
			submit(browser, workspace),
			submit(browser, workspace),
		]);
		expect(new Set(attempts).size).toBe(1);
		// Reading a workspace is dear: many clicks at once read it once.
		expect(runnerd.drains).toBe(1);
		const id = attempts[0]!;
		const { request, key } = await putOf(id);
		expect(key).toBe(`${id}/1`);
		expect(request.files).toContainEqual({
			...{ kind: 'binary', path: 'logo.png', mode: 0o644 },
			base64: Buffer.from(bytes).toString('base64'),
		});
		expect(request.files).toContainEqual({ kind: 'link', path: 'latest', target: 'logo.png' });
		expect(request.files.some((file) => file.kind === 'text')).toBe(true);
		runnerd.emit({ type: 'judge-phase', attempt: id, try: 1, phase: 'prepare', status: 'running' });
		await until('the phase', async () => {
			const row = await attemptById(database.connection.db, id);
			return row?.status === 'running' && row.phases.length === 1;
		});
		runnerd.finish(key, passed('Step 1\0'));
		const row = await settled(id);
		expect(row).toMatchObject({ status: 'passed', source: 'drained', try: 1, number: 1 });
		expect(row).toMatchObject({ durationMs: 1235, imageBytes: 5_000_000_000 });
		expect(row.phases.map((phase) => [phase.phase, phase.status])).toEqual([
			['prepare', 'passed'],
			['build', 'passed'],
		]);
		expect(await logOf(database.connection.db, { id, try: 1 })).toEqual([
			{ phase: 'build', text: 'Step 1\ufffd' },
		]);
		await until('the acknowledgement', () => runnerd.acknowledged.includes(key));
		expect(await attemptsOf(database.connection.db, workspace, 9)).toHaveLength(1);
		const page = await (await browser.get(`/attempts/${id}`)).text();
		expect(page).toContain('5.0 GB');
		expect(page).toContain('logo.png');
	});

	it('tries again when the trouble is ours, and never calls it a failure', async () => {
		const { browser, workspace } = await guest('Bo');
		runnerd.judge = () => broken;
		const id = await submit(browser, workspace);
		const row = await settled(id);
		expect(row).toMatchObject({ status: 'error', try: 3 });
		const keysOfRun = runnerd.puts.filter((put) => put.key.startsWith(id)).map((put) => put.key);
		expect(keysOfRun).toEqual([`${id}/1`, `${id}/2`, `${id}/3`]);
		runnerd.judge = () => passed();
		const next = await settled(await submit(browser, workspace));
		expect(next).toMatchObject({ status: 'passed', number: 2 });
	});

	it('stores a verdict whatever a student’s program printed', async () => {
		const { browser, workspace } = await guest('Bea');
		const hostile = 'NUL \0, half of a pair \ud83d';
		const result = passed();
		if (result.status !== 'done') throw new Error('a run that is done');
		const evidence = [{ kind: 'output' as const, label: 'log', text: hostile }];
		const failure = { code: 'build-failed', message: hostile, hint: 'Mend it.', evidence };
		const { checks, metrics } = result.verdict;
		runnerd.judge = () => ({
			...result,
			verdict: { status: 'failed', failures: [failure], checks, metrics },
		});
		runnerd.drained.left = [{ path: hostile, reason: 'bad-name' }];
		await browser.send(`/w/${workspace}/sandbox`, { method: 'POST' });
		const row = await settled(await submit(browser, workspace));
		const shown = 'NUL \ufffd, half of a pair \ufffd';
		expect(row.verdict).toMatchObject({ failures: [{ message: shown }] });
		expect(row.left).toEqual([{ path: shown, reason: 'Its name can’t be shared.' }]);
	});

	it('holds no bytes of others, though a document names their hash', async () => {
		const ours = await guest('Cleo');
		const secret = new TextEncoder().encode(`of Cleo alone ${ours.workspace}`);
		await keepBlobs(database.connection.db, [{ sha: shaOf(secret), bytes: secret }]);
		await linkBlobs(database.connection.db, ours.workspace, [shaOf(secret)]);
		const theirs = await guest('Mallory');
		const doc = new Y.Doc();
		createFile(doc, {
			...{ kind: 'binary', path: 'loot', mode: 0o644 },
			...{ size: secret.length, sha: shaOf(secret) },
		});
		const client = new SyncClient(sync.url, SERVICE_TOKEN);
		await client.applyUpdate(
			workspaceRoom(theirs.workspace),
			'mallory',
			Y.encodeStateAsUpdate(doc),
		);
		const id = await submit(theirs.browser, theirs.workspace);
		const { request } = await putOf(id);
		expect(request.files.map((file) => file.path)).not.toContain('loot');
		const row = await attemptById(database.connection.db, id);
		expect(row?.left).toMatchObject([{ path: 'loot' }]);
		const held = await blobsOfWorkspace(database.connection.db, theirs.workspace);
		expect(held).not.toContain(shaOf(secret));
	});

	it('reads a document within its workspace’s share, and else stores nothing', async () => {
		const { db } = database.connection;
		const costly = await guest('Dora');
		let worked = 0;
		const documents = new Documents(new SyncClient(sync.url, SERVICE_TOKEN), {
			worked: () => (worked += 3000),
			now: () => 0,
		});
		const submissions = new Submissions({
			...{ db, documents, log: () => {} },
			runnerd: new RunnerdClient(runnerdUrl, SERVICE_TOKEN),
			labs: await Labs.read(fileURLToPath(new URL('../labs', import.meta.url)), () => {}),
			enqueue: async () => {},
			withdrawn: () => {},
		});
		expect(await documents.load(costly.workspace)).toMatchObject({ ok: true });
		const workspace = (await workspaceById(db, costly.workspace))!;
		const submission = await submissions.submit(workspace, workspace.ownerId);
		expect(submission).toEqual({ ok: false, reason: 'not-read' });
		expect(await attemptsOf(db, costly.workspace, 1)).toEqual([]);
		const other = await guest('Emil');
		const theirs = (await workspaceById(db, other.workspace))!;
		expect(await submissions.submit(theirs, theirs.ownerId)).toMatchObject({ ok: true });
	});

	it('is found again after web was killed while a run went on', async () => {
		const { browser, workspace } = await guest('Cy');
		const id = await submit(browser, workspace);
		const { key } = await putOf(id);
		web.child.kill('SIGKILL');
		await web[Symbol.asyncDispose]();
		runnerd.finish(key, passed());
		web = await boot();
		expect(await settled(id)).toMatchObject({ status: 'passed', try: 1 });
	});

	it('takes the document alone when runnerd is away, and says so', async () => {
		await using alone = await startWeb({ databaseUrl: database.url, syncUrl: sync.url, keys });
		const there = web;
		web = alone;
		const { browser, workspace } = await guest('Di');
		const page = await browser.get(`/w/${workspace}`);
		expect(page.status).toBe(200);
		const id = await submit(browser, workspace);
		const row = await attemptById(database.connection.db, id);
		expect(row).toMatchObject({ source: 'document' });
		web = there;
		expect(row?.files.length).toBeGreaterThan(0);
	});

	it('refuses, and stores nothing, when sync is away', async () => {
		await using alone = await startWeb({ databaseUrl: database.url, runnerdUrl, keys });
		const there = web;
		web = alone;
		const { browser, workspace } = await guest('Ed');
		const response = await browser.send(`/w/${workspace}/submit`, { method: 'POST' });
		web = there;
		expect(response.status).toBe(503);
		expect(await attemptsOf(database.connection.db, workspace, 9)).toEqual([]);
	});
});

describe('waiting', () => {
	const begins = (key: string) => {
		runnerd.runs.set(key, { status: 'running', phase: 'prepare' });
		const [attempt = ''] = key.split('/');
		runnerd.emit({ type: 'judge-phase', attempt, try: 1, phase: 'prepare', status: 'running' });
	};
	const statusIs = (id: string, status: string) =>
		until(`${status}: ${id}`, async () => {
			const row = await attemptById(database.connection.db, id);
			return row?.status === status;
		});
	/** Each call is other work. */
	const change = (n: number) => {
		runnerd.drained.files = [{ kind: 'link', path: 'n', target: String(n) }];
	};

	it('runs one attempt, and newer work takes the place of what waits', async () => {
		const { browser, workspace } = await guest('Ivy');
		await browser.send(`/w/${workspace}/sandbox`, { method: 'POST' });
		const first = await submit(browser, workspace);
		begins((await putOf(first)).key);
		await statusIs(first, 'running');
		// The very same work has its place already, however often one clicks.
		expect(await submit(browser, workspace)).toBe(first);
		change(1);
		const second = await submit(browser, workspace);
		expect(await submit(browser, workspace)).toBe(second);
		change(2);
		const third = await submit(browser, workspace);
		const replaced = await settled(second);
		expect(replaced).toMatchObject({
			...{ status: 'withdrawn', number: 2, durationMs: null },
			verdict: { why: { kind: 'replaced', by: 3 } },
		});
		const page = await (await browser.get(`/attempts/${second}`)).text();
		expect(page).toContain('Replaced by attempt 3');
		// One of a student's is judged at a time: the newest waits for the first.
		expect(runnerd.puts.filter((put) => put.key.startsWith(third))).toEqual([]);
		const place = await browser.get(`/attempts/${third}/place`);
		expect(await place.json()).toMatchObject({ ahead: expect.any(Number), own: true });
		runnerd.judge = () => passed();
		runnerd.finish(`${first}/1`, passed());
		expect(await settled(first)).toMatchObject({ status: 'passed' });
		expect(await settled(third)).toMatchObject({ status: 'passed', number: 3 });
		expect(runnerd.puts.filter((put) => put.key.startsWith(second))).toEqual([]);
		// One look at the line serves everybody for a second.
		await until('no place', async () => {
			const answer = await browser.get(`/attempts/${third}/place`);
			return (await answer.text()) === 'null';
		});
	});

	it('replaces what is handed in but has no turn yet, and ends its run', async () => {
		const { browser, workspace } = await guest('Jo');
		await browser.send(`/w/${workspace}/sandbox`, { method: 'POST' });
		runnerd.judge = () => ({ status: 'waiting' });
		const first = await submit(browser, workspace);
		const { key } = await putOf(first);
		runnerd.judge = () => passed();
		change(1);
		const second = await submit(browser, workspace);
		expect(await settled(first)).toMatchObject({ status: 'withdrawn' });
		await until('the run has ended', () => runnerd.acknowledged.includes(key));
		expect(await settled(second)).toMatchObject({ status: 'passed' });
	});

	it('takes no more from one workspace than can be judged', async () => {
		const { browser, workspace } = await guest('Mia');
		let answer: Response;
		let sent = 0;
		do {
			answer = await browser.send(`/w/${workspace}/submit`, { method: 'POST' });
			sent += 1;
		} while (answer.status === 202 && sent < 200);
		expect([answer.status, sent > 20]).toEqual([429, true]);
		expect(await attemptsOf(database.connection.db, workspace, 9)).toHaveLength(1);
	});

	it('is cancelled by its owner and by staff, not by others, and is judged no more', async () => {
		const { browser, workspace } = await guest('Kim');
		const cancel = (by: Browser, id: string) =>
			by.send(`/attempts/${id}/cancel`, { method: 'POST' });
		const running = await submit(browser, workspace);
		const { key } = await putOf(running);
		begins(key);
		await statusIs(running, 'running');
		const stranger = (await guest('Lou')).browser;
		expect((await cancel(stranger, running)).status).toBe(404);
		expect((await cancel(browser, running)).status).toBe(204);
		await until('the run has ended', () => runnerd.acknowledged.includes(key));
		// A verdict that comes too late changes nothing, nor does a second click.
		runnerd.finish(key, passed());
		expect((await cancel(browser, running)).status).toBe(409);
		const row = await settled(running);
		expect(row.verdict).toMatchObject({ why: { kind: 'cancelled', by: { name: 'Kim' } } });
		const again = await submit(browser, workspace);
		expect(again).not.toBe(running);
		const staff = await new Browser(web.url).signIn(room.people.ta.email);
		expect((await cancel(staff, again)).status).toBe(204);
		expect(await settled(again)).toMatchObject({ status: 'withdrawn', number: 2 });
		const page = await (await browser.get(`/w/${workspace}`)).text();
		expect(page).toContain('Cancelled by Tom');
		const audited = await database.connection.sql<{ actor: string }[]>`
			select actor_id as actor from audit where action = 'attempt.cancel' and subject = ${again}`;
		expect(audited.map((entry) => entry.actor)).toEqual([room.people.ta.id]);
	});
});

describe('the sandbox', () => {
	it('is started, told about, and given the bytes that it misses', async () => {
		const { browser, workspace } = await guest('Fay');
		const started = await browser.send(`/w/${workspace}/sandbox`, { method: 'POST' });
		expect(await started.json()).toMatchObject({
			...{ ok: true, runnerDown: false, sandbox: { status: 'starting' } },
		});
		const bytes = new Uint8Array([9, 9, 9]);
		const sha = shaOf(bytes);
		runnerd.blobs.set(sha, bytes);
		runnerd.emit({ type: 'blob', workspace, sha, size: 3 });
		await until('the blob', async () => {
			const rows = await database.connection.sql`select 1 from workspace_blobs where sha = ${sha}`;
			return rows.length === 1;
		});
		runnerd.blobs.clear();
		runnerd.emit({ type: 'blobs-missing', workspace, shas: [sha] });
		await until('the blob given back', () => runnerd.blobs.has(sha));
	});

	it('is restarted by its owner and by staff, and a reset replaces it only when asked', async () => {
		const { browser, workspace } = await guest('Hal');
		using page = openDocument(browser, workspace);
		await until('the starter', () => liveFiles(page.doc).length > 0);
		const starter = liveFiles(page.doc).map((file) => file.path);
		runnerd.restarts.length = 0;
		const restarted = await browser.send(`/w/${workspace}/sandbox/restart`, { method: 'POST' });
		expect(await restarted.json()).toMatchObject({ ok: true, sandbox: { reason: 'restarted' } });
		const [first] = liveFiles(page.doc).filter((file) => file.text);
		first!.text!.insert(0, 'mine ');
		createFile(page.doc, { kind: 'text', path: 'extra', mode: 0o644, text: 'x' });
		const staff = await new Browser(web.url).signIn(room.people.ta.email);
		const reset = (body: object) =>
			staff.send(`/w/${workspace}/reset`, { method: 'POST', body: JSON.stringify(body) });
		// By the documented way alone: a missing answer is none.
		expect((await reset({})).status).toBe(400);
		const stored = new SyncClient(sync.url, SERVICE_TOKEN);
		await until('the edits are stored', async () => {
			const copy = new Y.Doc();
			Y.applyUpdate(copy, (await stored.snapshot(workspaceRoom(workspace))).update);
			return liveFiles(copy).some((file) => file.path === 'extra');
		});
		expect((await reset({ sandbox: false })).status).toBe(200);
		const isGone = (path: string) => !liveFiles(page.doc).some((file) => file.path === path);
		await until('the page has heard', () => isGone('extra'));
		expect(liveFiles(page.doc).map((file) => file.path)).toEqual(starter);
		const old = listFiles(page.doc).find((file) => file.id === first!.id)!;
		expect([old.deletedAt, old.text!.toString().slice(0, 5)]).toEqual([
			expect.any(Number),
			'mine ',
		]);
		expect(await (await reset({ sandbox: true })).json()).toMatchObject({
			...{ reset: true, ok: true, sandbox: { reason: 'replaced' } },
		});
		expect(runnerd.restarts).toEqual([false, true]);
	});

	it('is said to be gone when runnerd comes back without it', async () => {
		const { browser, workspace } = await guest('Gus');
		const state = { status: 'ready', at: Date.now(), deadline: Date.now() + 60_000 } as const;
		await browser.send(`/w/${workspace}/sandbox`, { method: 'POST' });
		runnerd.emit({ type: 'sandbox', workspace, state });
		const last = async () => {
			const rows = await database.connection.sql<{ status: string }[]>`
				select payload -> 'state' ->> 'status' as status from events
				where workspace_id = ${workspace} and type = 'sandbox' order by id desc limit 1`;
			return rows[0]?.status;
		};
		await until('ready', async () => (await last()) === 'ready');
		runnerd.sessions.delete(workspace);
		runnerd.relaunch();
		await until('gone', async () => (await last()) === 'gone');
	});
});

it('a class’s limits reach what runs, what starts and what is judged', async () => {
	const { browser, workspace } = await guest('Lin');
	const { class: taught, people } = room;
	const teacher = await new Browser(web.url).signIn(people.instructor.email);
	const save = (sandboxMemory: string) =>
		teacher.post(`/classes/${taught.id}/settings/class?/save`, {
			...{ name: taught.name, retentionDays: '180', idleMinutes: '30', sandboxMemory },
			...{ sandboxCpus: '2', sandboxPids: '512', sandboxDisk: '8192' },
		});
	expect((await save('2048')).status).toBe(200);
	const limits = { ...DEFAULT_LIMITS, memory: 2048 * 1024 ** 2, cpus: 2 };
	expect(runnerd.limits.get(taught.id)).toEqual(limits);
	await browser.send(`/w/${workspace}/sandbox`, { method: 'POST' });
	expect(runnerd.limits.get(workspace)).toEqual(limits);
	const { request, key } = await putOf(await submit(browser, workspace));
	expect(request.limits).toEqual(limits);
	runnerd.finish(key, passed());
	expect((await save('1536')).status).toBe(200);
});
