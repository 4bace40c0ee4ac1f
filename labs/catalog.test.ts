// The catalog reads what is right, and points at the line of what isn't.

import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readAuthoredCases, readCatalog } from './catalog.ts';
import { labSchema, SCHEMA_FILE } from './schema.ts';

const FRONT = `---
title: A lab
summary: For a test.
minutes: 10
goals: [Learn]
checks:
  - check: image-builds
wrong:
  empty: dockerfile-empty
---
# 1. Start
`;

let dir: string;
beforeEach(async () => {
	dir = await mkdtemp(join(tmpdir(), 'labs-'));
});
afterEach(() => rm(dir, { recursive: true }));

async function put(path: string, content: string | Uint8Array): Promise<void> {
	await mkdir(dirname(join(dir, path)), { recursive: true });
	await writeFile(join(dir, path), content);
}

async function putLab(slug: string, front = FRONT): Promise<void> {
	await put(`${slug}/lab.md`, front);
	await put(`${slug}/starter/app.py`, 'print(1)\n');
	await put(`${slug}/solution/Dockerfile`, 'FROM scratch\n');
	await put(`${slug}/wrong/empty/Dockerfile`, '# nothing\n');
}

test('labs come in the order of their folders, with text, files and defaults', async () => {
	await putLab('02-second');
	await putLab('01-first');
	await put('01-first/starter/logo.png', Uint8Array.of(0x89, 0x50, 0, 0xff));
	await put('notes/lab.md', 'not a lab');
	const { labs, problems } = await readCatalog(dir);
	expect(problems).toEqual([]);
	expect(labs.map((lab) => lab.slug)).toEqual(['01-first', '02-second']);
	expect(labs[0]?.text).toBe('# 1. Start\n');
	expect(labs[0]?.front.checks[0]).toEqual({ check: 'image-builds', within: 180 });
	expect(labs[0]?.starter).toEqual([
		{ kind: 'text', path: 'app.py', mode: 0o644, text: 'print(1)\n' },
		{ kind: 'binary', path: 'logo.png', mode: 0o644, base64: 'iVAA/w==' },
	]);
});

test('solution and wrong cases are laid over the starter', async () => {
	await putLab('01-first');
	const [lab] = (await readCatalog(dir)).labs;
	const cases = await readAuthoredCases(dir, lab!);
	expect(cases.solution.map((file) => file.path)).toEqual(['Dockerfile', 'app.py']);
	expect(cases.wrong).toMatchObject([{ name: 'empty', code: 'dockerfile-empty' }]);
	expect(cases.wrong[0]?.files).toHaveLength(2);
});

test('the digest changes with what is judged and with nothing else', async () => {
	const digestOf = async () => (await readCatalog(dir)).labs[0]?.digest;
	await putLab('01-first');
	const first = await digestOf();
	expect(first).toMatch(/^[0-9a-f]{64}$/);
	await putLab('01-first', FRONT.replace('# 1. Start', '# 1. Begin').replace('A lab', 'This lab'));
	expect(await digestOf()).toBe(first);
	await chmod(join(dir, '01-first/starter/app.py'), 0o600);
	expect(await digestOf()).toBe(first);
	await put('01-first/starter/app.py', 'print(2)\n');
	const second = await digestOf();
	expect(second).not.toBe(first);
	await putLab('01-first', FRONT.replace('image-builds', 'image-builds\n    within: 20'));
	expect(await digestOf()).not.toBe(first);
});

test('a broken lab is reported with file and line, and the others are read', async () => {
	await putLab('01-first');
	await putLab('02-yaml', FRONT.replace('goals: [Learn]', 'goals: [Learn'));
	await putLab('03-unknown', FRONT.replace('image-builds', 'image-built'));
	await putLab('04-number', FRONT.replace('minutes: 10', 'minutes: ten'));
	await put('05-missing/starter/app.py', '');
	await putLab('06-none', '# Only text\n');
	const { labs, problems } = await readCatalog(dir);
	expect(labs.map((lab) => lab.slug)).toEqual(['01-first']);
	const at = Object.fromEntries(problems.map((problem) => [problem.slug, problem]));
	expect(at['02-yaml']).toMatchObject({ file: '02-yaml/lab.md' });
	expect([5, 6]).toContain(at['02-yaml']?.line);
	expect(at['03-unknown']).toMatchObject({ file: '03-unknown/lab.md', line: 7 });
	expect(at['04-number']).toMatchObject({ line: 4 });
	expect(at['04-number']?.message).toContain('minutes');
	expect(at['05-missing']?.message).toContain('Missing');
	expect(at['06-none']).toMatchObject({ line: 1 });
});

test('links, names that cannot be shared and oversized files are refused', async () => {
	for (const slug of ['01-link', '02-venv', '03-large', '04-open']) await putLab(slug);
	await symlink('/etc/passwd', join(dir, '01-link/starter/passwd'));
	await put('02-venv/starter/venv/x.py', '');
	await put('03-large/starter/large.bin', new Uint8Array(3 * 1024 * 1024));
	await putLab('04-open', FRONT.replace('minutes', 'open: none.py\nminutes'));
	const { labs, problems } = await readCatalog(dir);
	expect(labs).toEqual([]);
	expect(problems.map((problem) => problem.file)).toEqual([
		'01-link/starter/passwd',
		'02-venv/starter/venv',
		'03-large/starter/large.bin',
		'04-open/lab.md',
	]);
});

test("a gap in the author's cases is reported, but the lab can be taught", async () => {
	await putLab('01-first');
	await put('01-first/wrong/unnamed/Dockerfile', '');
	await rm(join(dir, '01-first/wrong/empty'), { recursive: true });
	const { labs, problems } = await readCatalog(dir);
	expect(labs).toHaveLength(1);
	expect(problems.map((problem) => problem.file)).toEqual([
		'01-first/lab.md',
		'01-first/wrong/empty',
	]);
});

test.each([
	['a check that is not there', 'image-builds', 'image-built', 7, 'did you mean image-builds?'],
	['no check at all', 'check: image-builds', 'path: x', 7, 'say which check: one of file-present'],
	['a setting of a check', 'image-builds', 'image-builds\n    witin: 5', 8, 'did you mean within?'],
	['a setting of the lab', 'minutes', 'minuts: 3\nminutes', 4, 'did you mean minutes?'],
	[
		'a part that is not in the text',
		'image-builds',
		'image-builds\n    teaches: star',
		8,
		'"start"',
	],
	['the same id twice', 'image-builds', 'image-builds\n  - check: image-builds', 8, '`id`'],
	['a link to no part', '# 1. Start', '# 1. Start\n\n[x](#part-star)', 13, '#part-start?'],
	['a link to no page', '# 1. Start', '# 1. Start\n\n[x](other.md)', 13, 'leads nowhere'],
	['a file to open', 'minutes', 'open: ap.py\nminutes', 4, 'did you mean app.py?'],
	['an empty front matter', FRONT, '---\n\n---\n', 2, 'expected object'],
])('%s: the line, and what to write instead', async (_what, from, to, line, words) => {
	await putLab('01-first', FRONT.replace(from, to));
	const { labs, problems } = await readCatalog(dir);
	expect(labs).toEqual([]);
	expect(problems).toHaveLength(1);
	expect(problems[0]).toMatchObject({ file: '01-first/lab.md', line });
	expect(problems[0]?.message).toContain(words);
});

test('points, bonus and what teaches it are the lab’s, and change its digest', async () => {
	const digestOf = async () => (await readCatalog(dir)).labs[0]?.digest;
	await putLab('01-first');
	const first = await digestOf();
	const more = 'image-builds\n    points: 3\n    teaches: start';
	await putLab('01-first', FRONT.replace('image-builds', more));
	expect(await digestOf()).not.toBe(first);
});

test('the published schema of the front matter is the one that is parsed by', async () => {
	expect(await readFile(SCHEMA_FILE, 'utf8')).toBe(labSchema());
});
