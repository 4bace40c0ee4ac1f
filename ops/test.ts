// `npm test`: sets the machine up, checks everything, runs every test, and says how many passed.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { check, CHECKS } from './check.ts';
import { prepareMachine } from './prepare.ts';
import { vitest } from './vitest.ts';

/** Of vitest's JSON report. */
const Report = z.object({ numPassedTests: z.number(), numFailedTests: z.number() });

const images = await prepareMachine();
const failedChecks = await check();
const tests = await runTests(process.argv.slice(2));
const passed = tests.passed + CHECKS.length - failedChecks;
const failed = tests.failed + failedChecks;
// Alone on its line, for whoever counts.
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

async function runTests(args: string[]): Promise<{ passed: number; failed: number }> {
	const dir = await mkdtemp(join(tmpdir(), 'containrlab-report-'));
	const file = join(dir, 'report.json');
	const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
	const status = vitest(images, [...reporters, ...args]);
	const report = await readFile(file, 'utf8')
		.then((text) => Report.parse(JSON.parse(text)))
		// No report at all is a failure of its own.
		.catch(() => ({ numPassedTests: 0, numFailedTests: 1 }));
	await rm(dir, { recursive: true, force: true });
	// A file that can't even be loaded counts no test, but vitest's status tells.
	const failed = status !== 0 && report.numFailedTests === 0 ? 1 : report.numFailedTests;
	return { passed: report.numPassedTests, failed };
}
