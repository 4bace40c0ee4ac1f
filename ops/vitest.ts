// vitest on a prepared machine: tests of sandboxes find the images by their environment.

import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { z } from 'zod';
import type { Images } from './images.ts';
import { leftovers, newRun } from './leftovers.ts';
import { ROOT } from './setup/data-dir.ts';

/** Of vitest's JSON report. */
const Report = z.object({ numPassedTests: z.number(), numFailedTests: z.number() });

/** Its exit status. */
export function vitest(images: Images, args: string[], env: NodeJS.ProcessEnv = {}): number {
	const { status, error } = spawnSync('vitest', ['run', ...args], {
		cwd: ROOT,
		stdio: 'inherit',
		env: {
			...process.env,
			...env,
			SANDBOX_IMAGE: images.sandbox,
			IMAGES_VOLUME: images.volume,
			MIRROR_IMAGE: images.mirror,
		},
	});
	if (error) console.error(error.message);
	return status ?? 1;
}

/** How many tests there were; that they left nothing behind is one more. */
export async function countTests(
	images: Images,
	args: string[],
	env: NodeJS.ProcessEnv = {},
): Promise<{ passed: number; failed: number }> {
	const dir = await mkdtemp(join(tmpdir(), 'containrlab-report-'));
	const file = join(dir, 'report.json');
	const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
	const run = newRun();
	const status = vitest(images, [...reporters, ...args], { ...env, TEST_RUN: run });
	const report = await readFile(file, 'utf8')
		.then((text) => Report.parse(JSON.parse(text)))
		// No report at all is a failure of its own.
		.catch(() => ({ numPassedTests: 0, numFailedTests: 1 }));
	await rm(dir, { recursive: true, force: true });
	// A file that can't even be loaded counts no test, but vitest's status tells.
	const failed = status !== 0 && report.numFailedTests === 0 ? 1 : report.numFailedTests;
	const left = await leftovers(new Docker(), run);
	if (left.length > 0) console.error(['The tests left behind:', ...left].join('\n  '));
	const clean = left.length === 0 ? 1 : 0;
	return { passed: report.numPassedTests + clean, failed: failed + 1 - clean };
}
