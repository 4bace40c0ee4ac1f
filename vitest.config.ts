// The tests: everything beside its source in `unit`, the real stack one after another in `e2e`.

import { defineConfig } from 'vitest/config';

const folders = '{protocol,db,labs,judges,sync,runnerd,web,ops}';
const exclude = [
	'**/node_modules/**',
	'**/build/**',
	'**/.svelte-kit/**',
	'labs/*/{starter,solution,wrong}/**',
];
/** One Postgres for the whole run. */
const globalSetup = ['./db/testing.ts'];

export default defineConfig({
	test: {
		// Each worker may drive Docker and Postgres; more of them only make timings worse.
		maxWorkers: 3,
		reporters: ['default'],
		projects: [
			{
				test: {
					name: 'unit',
					include: [`${folders}/**/*.test.ts`],
					exclude: [...exclude, 'ops/e2e/**'],
					globalSetup,
					testTimeout: 30_000,
					hookTimeout: 60_000,
				},
			},
			{
				test: {
					name: 'e2e',
					include: ['ops/e2e/**/*.test.ts'],
					exclude,
					globalSetup,
					fileParallelism: false,
					testTimeout: 300_000,
					hookTimeout: 600_000,
					// Runs after the others, not beside them: it measures and kills.
					sequence: { groupOrder: 1 },
				},
			},
		],
	},
});
