// An image's name says what it is made of: the same for the same, another for anything else.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { imageName, readContext, type BuildOptions } from './build.ts';

const file = (path: string, text: string, mode = 0o644) => ({
	path,
	mode,
	bytes: Buffer.from(text),
});
const recipe: BuildOptions = {
	repository: 'containrlab/test',
	files: [file('Dockerfile', 'FROM scratch'), file('run', 'x', 0o755)],
	dockerfile: 'Dockerfile',
	args: { BASE: 'one', FROM_WHERE: 'here' },
	places: ['FROM_WHERE'],
};

test('where something was fetched from changes nothing', () => {
	const elsewhere = { ...recipe, args: { BASE: 'one', FROM_WHERE: 'there' } };
	expect(imageName(elsewhere)).toBe(imageName(recipe));
});

test.each<[string, Partial<BuildOptions>]>([
	['an argument', { args: { BASE: 'two', FROM_WHERE: 'here' } }],
	['a byte', { files: [file('Dockerfile', 'FROM scratch '), recipe.files[1]!] }],
	['a mode', { files: [recipe.files[0]!, file('run', 'x')] }],
	['a path', { files: [recipe.files[0]!, file('walk', 'x', 0o755)] }],
	[
		'the border between two files',
		{ files: [file('Dockerfile', 'FROM'), file(' scratchrun', 'x')] },
	],
	['the Dockerfile', { dockerfile: 'Other' }],
])('%s changes the name', (_, change) => {
	expect(imageName({ ...recipe, ...change })).not.toBe(imageName(recipe));
});

test('a context is read in one order, without leftovers', async () => {
	const dir = await mkdtemp(join(tmpdir(), 'containrlab-context-'));
	await mkdir(join(dir, 'lib', '__pycache__'), { recursive: true });
	for (const path of ['b', 'a', 'lib/c', 'lib/__pycache__/c.pyc', '.swp', 'a.test.ts']) {
		await writeFile(join(dir, path), path, { mode: path === 'a' ? 0o700 : 0o600 });
	}
	const read = await readContext(dir);
	expect(read.map(({ path, mode }) => `${path} ${mode.toString(8)}`)).toEqual([
		'a 755',
		'b 644',
		'lib/c 644',
	]);
	await rm(dir, { recursive: true });
});
