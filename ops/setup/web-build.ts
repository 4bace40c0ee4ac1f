// The production build of web, made again only when something it is made of changed.

import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { output } from '../shell.ts';
import { withLock } from '../supervise/lock.ts';
import { ROOT } from './data-dir.ts';

const STAMP = join(ROOT, 'web', 'build', '.made-of');
const INPUTS = ['web', 'protocol', 'db', 'labs'];
const SKIPPED = new Set([
	'node_modules',
	'build',
	'build.lock',
	'.svelte-kit',
	'starter',
	'solution',
	'wrong',
]);

/** Whether it had to be built. Two starts at once build once. */
export async function buildWeb(): Promise<boolean> {
	return withLock(join(ROOT, 'node_modules', '.web-build.lock'), build);
}

async function build(): Promise<boolean> {
	const wanted = await inputsHash();
	const made = await readFile(STAMP, 'utf8').catch(() => '');
	if (made === wanted) return false;
	await output(
		[
			process.execPath,
			join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js'),
			'build',
			join(ROOT, 'web'),
		],
		{
			timeoutMs: 600_000,
			cwd: join(ROOT, 'web'),
		},
	);
	await writeFile(STAMP, wanted);
	return true;
}

async function inputsHash(): Promise<string> {
	const hash = createHash('sha256');
	const add = async (path: string): Promise<void> => {
		const entries = await readdir(join(ROOT, path), { withFileTypes: true });
		for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
			if (SKIPPED.has(entry.name) || entry.name.endsWith('.test.ts')) continue;
			const below = `${path}/${entry.name}`;
			if (entry.isDirectory()) await add(below);
			else if (entry.isFile()) {
				const bytes = await readFile(join(ROOT, below));
				hash.update(`${below} ${bytes.length}\n`).update(bytes);
			}
		}
	};
	for (const input of INPUTS) await add(input);
	hash.update(await readFile(join(ROOT, 'package-lock.json')));
	return hash.digest('hex');
}
