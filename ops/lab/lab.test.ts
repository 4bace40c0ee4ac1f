// What the author's tools say without a sandbox: the lab to begin with, its page, and mistakes in words.

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readCatalog } from '@containrlab/labs/catalog.ts';
import type { Verdict } from '@containrlab/protocol/verdict.ts';
import { authorCases, unnamedImages, verdictMistakes } from './author.ts';
import { page } from './preview.ts';
import { template } from './template.ts';

let labs: string;
beforeEach(async () => {
	labs = await mkdtemp(join(tmpdir(), 'labs-'));
	for (const [path, text] of Object.entries(template('My <first> lab'))) {
		await mkdir(dirname(join(labs, '01-mine', path)), { recursive: true });
		await writeFile(join(labs, '01-mine', path), text);
	}
});
afterEach(() => rm(labs, { recursive: true }));

test('a new lab has no problem, and all of its cases', async () => {
	const catalog = await readCatalog(labs);
	expect(catalog.problems).toEqual([]);
	const [lab] = catalog.labs;
	const cases = await authorCases(labs, lab!);
	expect(cases.map(({ name, expected }) => [name, expected])).toEqual([
		['starter', 'failed'],
		['solution', 'passed'],
		['wrong/no-command', { code: 'container-exited' }],
		['wrong/shell-form', { code: 'dockerfile-shell-form' }],
	]);
	expect(unnamedImages(lab!, cases[1]!.files)).toEqual([]);
	const front = { ...lab!.front, images: ['node:20-slim'] };
	expect(unnamedImages({ ...lab!, front }, cases[1]!.files)).toEqual(['python:3.13-slim']);
});

test('its page shows the text with its parts, the checks and the mistakes, as text', async () => {
	const html = await page(labs, '01-mine');
	expect(html).toContain('<h1>My &#60;first&#62; lab</h1>');
	expect(html).toContain('<h2 id="part-write-it">');
	expect(html).toContain('inspect, 2 points, <a href="#part-build-and-run">');
	const path = join(labs, '01-mine/lab.md');
	await writeFile(
		path,
		(await readFile(path, 'utf8')).replace('teaches: write-it', 'teaches: <b>'),
	);
	const broken = await page(labs, '01-mine');
	expect(broken).toContain('<code>labs/01-mine/lab.md:19</code>');
	expect(broken).not.toContain('<b>');
	expect(await page(labs, '../..')).toContain('There is no labs/');
});

test('a verdict that isn’t the author’s, in words', () => {
	const metrics = { durationMs: 1 };
	const check = { id: 'a', title: 'A', phase: 'read', durationMs: 0 } as const;
	const failure = { code: 'x', message: 'Short.', hint: 'Do.', evidence: [] };
	const passed: Verdict = { status: 'passed', checks: [], metrics };
	const failed: Verdict = {
		...{ status: 'failed', failures: [failure], metrics },
		checks: [{ ...check, status: 'failed', failure }],
	};
	const error: Verdict = { status: 'error', code: 'lost', message: '', checks: [], metrics };
	const mistakes = (expected: 'failed' | 'passed' | { code: string }, verdict: Verdict) =>
		verdictMistakes({ name: '', expected, files: [] }, verdict);
	expect(mistakes('passed', passed)).toEqual([]);
	expect(mistakes('passed', failed)).toEqual(['a: x. Short.']);
	expect(mistakes('failed', passed)).toEqual(['it passed, and should fail']);
	expect(mistakes('failed', error)).toEqual(['it could not be judged: lost']);
	expect(mistakes({ code: 'y' }, failed)).toEqual([
		'it fails with x, and should fail with y',
		"x doesn't say what is wrong",
		"x doesn't say what to try",
		'x shows no evidence',
	]);
});
