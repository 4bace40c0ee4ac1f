// A run is begun once, survives the process, and keeps its result until it is acknowledged.

import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunnerEventBody } from '@containrlab/protocol/events.ts';
import { type Lab, LabFrontMatter } from '@containrlab/protocol/lab.ts';
import { DEFAULT_LIMITS, JudgeRun, type JudgeRunRequest } from '@containrlab/protocol/sandbox.ts';
import { JudgeRuns, type JudgeRunsOptions } from './runs.ts';
import { answerJudgeRun } from './routes.ts';
import { silentLog } from '../log.ts';
import { type JudgeSandbox, SandboxError, type SandboxSource } from '../sandboxes/handle.ts';

const ATTEMPT = 'attempt1';
const lab: Lab = {
	slug: '01-test',
	digest: 'right',
	text: '',
	starter: [],
	front: LabFrontMatter.parse({
		title: 'Test',
		summary: 'Test',
		minutes: 5,
		goals: ['Test'],
		checks: [{ check: 'file-present', path: 'Dockerfile' }],
	}),
};
const request: JudgeRunRequest = {
	lab: lab.slug,
	labDigest: lab.digest,
	files: [{ kind: 'text', path: 'Dockerfile', mode: 0o644, text: 'FROM x\n' }],
	limits: DEFAULT_LIMITS,
};

/** Clean sandboxes for checks that only read; counts what is in use. */
class Shelf implements Pick<SandboxSource, 'acquire'> {
	taken = 0;
	inUse = 0;
	mostInUse = 0;
	/** Sandboxes are handed out once this resolves. */
	gate: Promise<unknown> = Promise.resolve();

	async acquire(_purpose: 'judge', { signal }: { signal: AbortSignal }): Promise<JudgeSandbox> {
		await Promise.race([
			this.gate,
			new Promise((_resolve, reject) => {
				signal.addEventListener('abort', () => reject(signal.reason as Error));
			}),
		]);
		this.taken += 1;
		this.inUse += 1;
		this.mostInUse = Math.max(this.mostInUse, this.inUse);
		return {
			id: 'none',
			uid: 0,
			exec: () => Promise.reject(new SandboxError('sandbox-lost', 'there is nothing inside')),
			putFiles: () => Promise.resolve(),
			[Symbol.asyncDispose]: () => {
				this.inUse -= 1;
				return Promise.resolve();
			},
		};
	}
}

let directory: string;
let shelf: Shelf;
let events: RunnerEventBody[];
let opened: JudgeRuns[];
beforeEach(async () => {
	directory = await mkdtemp(join(tmpdir(), 'judge-runs-'));
	shelf = new Shelf();
	events = [];
	opened = [];
});
afterEach(async () => {
	for (const runs of opened) await runs.close();
	await rm(directory, { recursive: true });
});

async function openRuns(over: Partial<JudgeRunsOptions> = {}): Promise<JudgeRuns> {
	const runs = new JudgeRuns({
		directory,
		findLab: (slug, digest) =>
			Promise.resolve(slug === lab.slug && digest === lab.digest ? lab : undefined),
		sandboxes: shelf,
		emit: (event) => events.push(event),
		log: silentLog,
		judgeDigest: 'judge',
		...over,
	});
	opened.push(runs);
	await runs.open();
	return runs;
}

async function done(runs: JudgeRuns, attempt = ATTEMPT, tryNumber = 1) {
	return await expect
		.poll(() => runs.get(attempt, tryNumber), { timeout: 5000, interval: 5 })
		.toMatchObject({ status: 'done' });
}

test('two equal requests are one run, with one result and its events in order', async () => {
	const runs = await openRuns();
	const put = await Promise.all([runs.put(ATTEMPT, 1, request), runs.put(ATTEMPT, 1, request)]);
	expect(put.every((result) => result.ok)).toBe(true);
	await done(runs);
	expect(JudgeRun.parse(await runs.get(ATTEMPT, 1))).toMatchObject({
		verdict: { status: 'passed' },
		judgeDigest: 'judge',
	});
	expect(await runs.put(ATTEMPT, 1, request)).toMatchObject({ ok: true, created: false });
	expect(shelf.taken).toBe(1);
	expect(events[0]).toMatchObject({ type: 'judge-phase', phase: 'prepare', status: 'running' });
	expect(events.filter((event) => event.type === 'judge-done')).toHaveLength(1);
	await expect.poll(() => shelf.inUse).toBe(0);
});

test('a lab that is not taught here is refused, and nothing is kept of it', async () => {
	const runs = await openRuns();
	const put = await runs.put(ATTEMPT, 1, { ...request, labDigest: 'other' });
	expect(put).toEqual({ ok: false, code: 'lab-mismatch' });
	expect(await readdir(directory)).toEqual([]);
});

test('a result outlives the process, until it is acknowledged', async () => {
	const first = await openRuns();
	await first.put(ATTEMPT, 1, request);
	await done(first);
	await first.close();
	const second = await openRuns();
	expect(await second.get(ATTEMPT, 1)).toMatchObject({ status: 'done' });
	expect(shelf.taken).toBe(1);
	await second.delete(ATTEMPT, 1);
	expect(await second.get(ATTEMPT, 1)).toBeUndefined();
	expect(await readdir(directory)).toEqual([]);
});

test('an interrupted run begins again by itself and comes to one result', async () => {
	shelf.gate = new Promise(() => {});
	const first = await openRuns();
	await first.put(ATTEMPT, 1, request);
	await first.close();
	expect(shelf.taken).toBe(0);
	// What a kill in the middle of a write leaves behind.
	await writeFile(join(directory, `${ATTEMPT}-1.json.tmp`), '{"sta');
	shelf.gate = Promise.resolve();
	const second = await openRuns();
	await done(second);
	expect(shelf.taken).toBe(1);
	expect(events.filter((event) => event.type === 'judge-done')).toHaveLength(1);
	expect(await readdir(directory)).toEqual([`${ATTEMPT}-1.json`]);
});

test('a sandbox that cannot be had is an error of ours', async () => {
	const sandboxes = {
		acquire: () => Promise.reject(new SandboxError('no-capacity', 'full')),
	};
	const runs = await openRuns({ sandboxes });
	await runs.put(ATTEMPT, 1, request);
	await done(runs);
	expect(await runs.get(ATTEMPT, 1)).toMatchObject({
		verdict: { status: 'error', code: 'no-capacity' },
	});
});

test('few run at a time, and all of them come to an end', async () => {
	const runs = await openRuns({ concurrency: 2 });
	const attempts = Array.from({ length: 9 }, (_, index) => `attempt${index}`);
	for (const attempt of attempts) await runs.put(attempt, 1, request);
	for (const attempt of attempts) await done(runs, attempt);
	expect(shelf.mostInUse).toBe(2);
	expect(shelf.taken).toBe(9);
});

test('a run that is withdrawn leaves its place and no result', async () => {
	shelf.gate = new Promise(() => {});
	const runs = await openRuns({ concurrency: 1 });
	await runs.put(ATTEMPT, 1, request);
	await runs.put('attempt2', 1, request);
	await runs.delete(ATTEMPT, 1);
	expect(await runs.get(ATTEMPT, 1)).toBeUndefined();
	shelf.gate = Promise.resolve();
	await runs.put('attempt3', 1, request);
	await runs.delete('attempt2', 1);
	await done(runs, 'attempt3');
});

test('over HTTP: codes for what is there, what is not, and what makes no sense', async () => {
	const runs = await openRuns();
	const call = (method: string, attempt: string, body?: unknown, tryNumber = '1') =>
		answerJudgeRun(runs, method, { attempt, try: tryNumber }, () => Promise.resolve(body));
	expect((await call('GET', ATTEMPT)).status).toBe(404);
	expect((await call('PUT', ATTEMPT, request)).status).toBe(201);
	expect((await call('PUT', ATTEMPT, request)).status).toBe(200);
	await done(runs);
	expect((await call('GET', ATTEMPT)).body).toMatchObject({ status: 'done' });
	expect((await call('DELETE', ATTEMPT)).status).toBe(204);
	expect((await call('DELETE', ATTEMPT)).status).toBe(204);
	expect((await call('PUT', ATTEMPT, { ...request, labDigest: 'x' })).status).toBe(409);
	expect((await call('PUT', ATTEMPT, { lab: 1 })).status).toBe(400);
	expect((await call('PUT', '../../etc', request)).status).toBe(404);
	expect((await call('PUT', ATTEMPT, request, '0')).status).toBe(404);
	expect((await call('POST', ATTEMPT, request)).status).toBe(405);
});
