// For tests: builds the pages once when their sources are newer than the build.

import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = dirname(fileURLToPath(import.meta.url));
const LOCK = join(ROOT, '.svelte-kit', 'test-build.lock');
const LOCK_MS = 120_000;

/** Test files run side by side: one of them builds, the others wait for it. */
export async function ensureBuilt(): Promise<void> {
	await mkdir(dirname(LOCK), { recursive: true });
	for (;;) {
		if ((await isFresh()) && !(await exists(LOCK))) return;
		if (await lock()) break;
		await delay(100);
	}
	try {
		if (await isFresh()) return;
		const vite = join(
			dirname(createRequire(import.meta.url).resolve('vite/package.json')),
			'bin/vite.js',
		);
		const env = { ...process.env, NODE_ENV: 'production', VITEST: undefined };
		await promisify(execFile)(process.execPath, [vite, 'build'], { cwd: ROOT, env });
	} finally {
		await rm(LOCK, { recursive: true, force: true });
	}
}

async function lock(): Promise<boolean> {
	try {
		await mkdir(LOCK);
		return true;
	} catch {
		// Left behind by a run that was killed.
		const age = Date.now() - (await changedAt(LOCK));
		if (age > LOCK_MS && age < Date.now()) await rm(LOCK, { recursive: true, force: true });
		return false;
	}
}

async function isFresh(): Promise<boolean> {
	const built = await changedAt(join(ROOT, 'build', 'handler.js'));
	const sources = await readdir(join(ROOT, 'src'), { recursive: true, withFileTypes: true });
	const paths = sources
		.filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
		.map((entry) => join(entry.parentPath, entry.name));
	paths.push(join(ROOT, 'vite.config.ts'), join(ROOT, 'package.json'));
	const newest = Math.max(...(await Promise.all(paths.map(changedAt))));
	return built > newest;
}

const exists = async (path: string): Promise<boolean> => (await changedAt(path)) > 0;

async function changedAt(path: string): Promise<number> {
	return stat(path).then(
		({ mtimeMs }) => mtimeMs,
		() => 0,
	);
}
