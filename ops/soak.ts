// `npm run soak -- [minutes] [part …]`: the tests that show only in time what they are looking for, in
// their long versions and round after round; all parts, or those that are named. Goes on after a
// failure, since how often one comes is what one wants to know, and sums up at the end.

import { globSync } from 'node:fs';
import { prepareMachine } from './prepare.ts';
import { ROOT } from './setup/data-dir.ts';
import { countTests } from './vitest.ts';

const MINUTES = 60;
/** Files of each part; a test that finds SOAK in its environment takes its time. */
const PARTS: Record<string, string[]> = {
	/** Services killed while people work. */
	kills: ['ops/e2e/gate-d.test.ts', 'sync/kills.test.ts'],
	/** Documents under all that breaks, at random. */
	documents: ['sync/property*.test.ts'],
	/** Two editors and a shell write at once, at random. */
	fuzz: ['runnerd/flush/fuzz*.test.ts'],
	/** Whatever bytes a document's server is sent. */
	frames: ['sync/fuzz.test.ts'],
	/** runnerd and the engine fail at every step. */
	faults: ['runnerd/faults*.test.ts', 'runnerd/engine/restart.test.ts'],
	/** A class that comes all at once, after a lesson's terminals, files and previews. */
	storm: ['ops/e2e/gate-b.test.ts'],
	/** All images that stand in for official ones. */
	images: ['ops/images/stand-ins.test.ts'],
	/** Ways out of a sandbox, and what its neighbours feel. */
	escape: ['runnerd/escape/*.test.ts', 'runnerd/host/hogs.test.ts'],
};

interface Sum {
	rounds: number;
	passed: number;
	failed: number;
	seconds: number;
}

const words = process.argv.slice(2);
const parts = words.filter((word) => Object.hasOwn(PARTS, word));
const [minutes = MINUTES, ...more] = words.filter((word) => !parts.includes(word)).map(Number);
if (!(minutes > 0) || more.length > 0) {
	console.error(`npm run soak -- [minutes] [part …], of: ${Object.keys(PARTS).join(', ')}`);
	process.exit(2);
}

const images = await prepareMachine();
const sums = await soak(parts.length > 0 ? parts : Object.keys(PARTS), minutes * 60);
for (const [part, sum] of sums) {
	const line = [
		part.padEnd(8),
		`${sum.rounds} rounds`.padStart(10),
		`${sum.passed} passed`.padStart(12),
		`${sum.failed} failed`.padStart(10),
		`${Math.round(sum.seconds)} s`.padStart(8),
	];
	console.log(line.join('  '));
}
process.exit([...sums.values()].every(({ failed }) => failed === 0) ? 0 : 1);

/** Each part in turn until the time is over, and each once at least. */
async function soak(names: readonly string[], seconds: number): Promise<Map<string, Sum>> {
	const sums = new Map<string, Sum>();
	for (const begun = performance.now(); ;) {
		for (const name of names) {
			const late = performance.now() - begun > seconds * 1000;
			if (late && sums.size === names.length) return sums;
			sums.set(name, await round(name, sums.get(name)));
		}
	}
}

async function round(
	part: string,
	{ rounds, passed, failed, seconds }: Sum = { rounds: 0, passed: 0, failed: 0, seconds: 0 },
): Promise<Sum> {
	console.log(`── ${part}, round ${rounds + 1}`);
	const files = PARTS[part]!.flatMap((pattern) => globSync(pattern, { cwd: ROOT }));
	if (files.length === 0) throw new Error(`${part} has no test`);
	const begun = performance.now();
	const tests = await countTests(images, files, { SOAK: '1' });
	return {
		rounds: rounds + 1,
		passed: passed + tests.passed,
		failed: failed + tests.failed,
		seconds: seconds + (performance.now() - begun) / 1000,
	};
}
