// `npm run check`: types, lint and format of everything; all of them, even after one failed.

import { spawnSync } from 'node:child_process';
import { ROOT } from './setup/data-dir.ts';

export const CHECKS = [
	['types', 'tsc', '-p', '.'],
	['types of pages', 'svelte-check', '--workspace', 'web', '--tsconfig', 'web/tsconfig.json'],
	['lint', 'eslint', '.'],
	['format', 'prettier', '--check', '--log-level=warn', '.'],
] as const;

/** How many failed. */
export function check(): number {
	let failed = 0;
	// svelte-check and web's types need what SvelteKit generates.
	spawnSync('svelte-kit', ['sync'], { cwd: `${ROOT}/web`, stdio: 'ignore' });
	for (const [title, program, ...args] of CHECKS) {
		const start = performance.now();
		const { status, error } = spawnSync(program, args, { cwd: ROOT, stdio: 'inherit' });
		if (error) console.error(error.message);
		const seconds = ((performance.now() - start) / 1000).toFixed(1);
		console.log(`  ${status === 0 ? '✓' : '✗'} ${title.padEnd(24)} ${seconds.padStart(6)} s`);
		if (status !== 0) failed += 1;
	}
	return failed;
}

if (import.meta.main) process.exit(check() === 0 ? 0 : 1);
