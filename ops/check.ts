// `npm run check`: types, lint and format of everything; all of them, even after one failed.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './setup/data-dir.ts';

export const CHECKS = [
	{ title: 'types', run: ['tsc', '-p', '.'], in: '.' },
	{ title: 'types of pages', run: ['svelte-check', '--tsconfig', './tsconfig.json'], in: 'web' },
	{ title: 'lint', run: ['eslint', '.'], in: '.' },
	{ title: 'format', run: ['prettier', '--check', '--log-level=warn', '.'], in: '.' },
] as const;

/** How many failed. */
export function check(): number {
	let failed = 0;
	// svelte-check and web's types need what SvelteKit generates.
	spawnSync('svelte-kit', ['sync'], { cwd: join(ROOT, 'web'), stdio: 'ignore' });
	for (const { title, run, in: folder } of CHECKS) {
		const [program, ...args] = run;
		const start = performance.now();
		const cwd = join(ROOT, folder);
		const { status, error } = spawnSync(program, args, { cwd, stdio: 'inherit' });
		if (error) console.error(error.message);
		const seconds = ((performance.now() - start) / 1000).toFixed(1);
		console.log(`  ${status === 0 ? '✓' : '✗'} ${title.padEnd(24)} ${seconds.padStart(6)} s`);
		if (status !== 0) failed += 1;
	}
	return failed;
}

if (import.meta.main) process.exit(check() === 0 ? 0 : 1);
