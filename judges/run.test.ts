// The order of a run, and whose fault is whose, without Docker; real runs are in runnerd's tests.

import { expect, test } from 'vitest';
import { type Lab, LabFrontMatter } from '@containrlab/protocol/lab.ts';
import type { SubmittedFile } from '@containrlab/protocol/sandbox.ts';
import { scoreOf, Verdict } from '@containrlab/protocol/verdict.ts';
import { judgeDigest } from './digest.ts';
import { judge, turns } from './run.ts';
import { InfrastructureError, type Sandbox } from './sandbox.ts';
import { refusedPath, withPlants } from './submission.ts';

const lab: Lab = {
	slug: '01-test',
	digest: 'd',
	text: '',
	starter: [],
	front: LabFrontMatter.parse({
		title: 'Test',
		summary: 'Test',
		minutes: 5,
		goals: ['Test'],
		checks: [
			{ check: 'file-present', path: 'Dockerfile' },
			{ check: 'context-excludes', plant: ['venv/a', 'pages/__pycache__/b'] },
			{ check: 'image-builds' },
			{ check: 'http', port: 8080 },
		],
	}),
};
const text = (path: string): SubmittedFile => ({ kind: 'text', path, mode: 0o644, text: 'FROM x' });

/** A sandbox whose daemon is gone: it takes files and then breaks. */
const broken: Sandbox = {
	exec: () => Promise.reject(new InfrastructureError('sandbox-lost', 'the stream broke')),
	putFiles: () => Promise.resolve(),
};

test('a sandbox that breaks gives an error of ours, with what was found until then', async () => {
	const phases: string[] = [];
	const errors: unknown[] = [];
	const verdict = await judge(lab, [text('Dockerfile')], broken, {
		onPhase: (phase, status) => phases.push(`${phase} ${status}`),
		onError: (error) => errors.push(error),
	});
	expect(Verdict.parse(verdict)).toMatchObject({ status: 'error', code: 'sandbox-lost' });
	expect(verdict.checks.map((check) => check.status)).toEqual([
		'passed',
		'skipped',
		'skipped',
		'skipped',
	]);
	expect(phases).toEqual([
		'prepare running',
		'prepare passed',
		'read running',
		'read passed',
		'build running',
		'build skipped',
	]);
	expect(errors).toHaveLength(1);
});

test('a sandbox that never comes is an error of ours', async () => {
	const none = Promise.reject(new InfrastructureError('no-capacity', 'full'));
	expect(await judge(lab, [text('Dockerfile')], none)).toMatchObject({
		status: 'error',
		code: 'no-capacity',
	});
});

test('a path that leaves the workspace is refused before anything is placed', async () => {
	const placed: unknown[] = [];
	const watching: Sandbox = {
		...broken,
		putFiles: (files) => {
			placed.push(files);
			return Promise.resolve();
		},
	};
	for (const path of ['../outside', '/etc/passwd', 'a/../../b', 'a//b']) {
		const verdict = await judge(lab, [text('Dockerfile'), text(path)], watching);
		expect(verdict).toMatchObject({ status: 'failed', failures: [{ code: 'path-refused' }] });
		expect(verdict.checks.every((check) => check.status === 'skipped')).toBe(true);
	}
	expect(placed).toEqual([]);
});

test('an abort ends the run without a verdict', async () => {
	const abort = new AbortController();
	const waiting: Sandbox = {
		...broken,
		exec: (_command, { signal }) =>
			new Promise((_resolve, reject) => {
				signal?.addEventListener('abort', () => reject(signal.reason as Error));
			}),
	};
	const run = judge(lab, [text('Dockerfile')], waiting, { signal: abort.signal });
	abort.abort(new Error('withdrawn'));
	await expect(run).rejects.toThrow('withdrawn');
});

test('neighbours that only look run side by side, what changes something alone', () => {
	const check = (name: 'http' | 'image-builds', onlyLooks: boolean, ...needs: 'http'[]) => {
		return { name, onlyLooks, needs };
	};
	const looks = check('http', true);
	const acts = check('http', false);
	const needs = check('image-builds', true, 'http');
	expect(turns([looks, looks, acts, looks, acts, acts])).toEqual([
		...[[looks, looks], [acts], [looks], [acts], [acts]],
	]);
	expect(turns([looks, needs])).toEqual([[looks], [needs]]);
	expect(turns([])).toEqual([]);
});

test('points are kept, a bonus that fails leaves the verdict as it is, and what teaches is linked', async () => {
	const read = (path: string, more: object) => ({
		check: 'file-present',
		id: path.toLowerCase(),
		path,
		...more,
	});
	const checks = [
		read('Dockerfile', { points: 3 }),
		read('extra', { bonus: true, points: 2, teaches: 'extras', hint: 'Our hint.' }),
	];
	const front = LabFrontMatter.parse({ ...lab.front, checks });
	const verdict = await judge(
		{ ...lab, front, text: '# One\n## 2. Extras\n' },
		[text('Dockerfile')],
		broken,
	);
	expect(verdict).toMatchObject({ status: 'passed' });
	expect(scoreOf(verdict.checks)).toEqual({ earned: 3, possible: 3, bonus: 0 });
	expect(verdict.checks[1]).toMatchObject({
		status: 'failed',
		failure: { hint: 'Our hint.', teaches: { anchor: 'extras', title: 'Extras' } },
	});
});

test('something inside a file or behind a link can be no file', () => {
	expect(refusedPath([text('a'), text('a/b')])?.code).toBe('path-refused');
	const link: SubmittedFile = { kind: 'link', path: 'l', target: '/etc' };
	expect(refusedPath([link, text('l/passwd')])?.code).toBe('path-refused');
	expect(refusedPath([text('a/b'), text('a/c')])).toBeUndefined();
});

test('plants never take the place of what the student has', () => {
	const planted = withPlants(lab, [text('Dockerfile'), text('venv/a'), text('pages')]);
	expect(planted.map(({ path }) => path)).toEqual(['Dockerfile', 'venv/a', 'pages']);
	expect(withPlants(lab, []).map(({ path }) => path)).toEqual(['venv/a', 'pages/__pycache__/b']);
});

test('the digest of the judging code is stable', async () => {
	expect(await judgeDigest()).toMatch(/^[0-9a-f]{64}$/);
	expect(await judgeDigest()).toBe(await judgeDigest());
});
