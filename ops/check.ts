// `npm run check`: types, lint and format of everything, side by side; all of them, even after one
// failed.

import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ROOT } from './setup/data-dir.ts';

export const CHECKS = [
	{ title: 'types', run: ['tsc', '-p', '.'], in: '.' },
	{ title: 'types of pages', run: ['svelte-check', '--tsconfig', './tsconfig.json'], in: 'web' },
	{ title: 'lint', run: ['eslint', '.'], in: '.' },
	{ title: 'format', run: ['prettier', '--check', '--log-level=warn', '.'], in: '.' },
] as const;

/** How many failed. */
export async function check(): Promise<number> {
	// svelte-check and web's types need what SvelteKit generates.
	spawnSync('svelte-kit', ['sync'], { cwd: join(ROOT, 'web'), stdio: 'ignore' });
	const passed = await Promise.all(CHECKS.map(one));
	return passed.filter((ok) => !ok).length;
}

/** Prints what it said in one piece, when it has ended; true when it found nothing. */
async function one({ title, run, in: folder }: (typeof CHECKS)[number]): Promise<boolean> {
	const [program, ...args] = run;
	const start = performance.now();
	const child = spawn(program, args, {
		cwd: join(ROOT, folder),
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	const ended = new Promise<boolean>((resolve) => {
		child.once('error', (error) => {
			console.error(error.message);
			resolve(false);
		});
		child.once('close', (status) => resolve(status === 0));
	});
	const [ok, said, complained] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
	process.stdout.write(said);
	process.stderr.write(complained);
	const seconds = ((performance.now() - start) / 1000).toFixed(1);
	console.log(`  ${ok ? '✓' : '✗'} ${title.padEnd(24)} ${seconds.padStart(6)} s`);
	return ok;
}

if (import.meta.main) process.exit((await check()) === 0 ? 0 : 1);
