// A submission's time to its verdict, beside what the same build, run and request take by hand.

import { join } from 'node:path';
import { z } from 'zod';
import { readAuthoredCases, readCatalog } from '@containrlab/labs/catalog.ts';
import type { SubmittedFile } from '@containrlab/protocol/sandbox.ts';
import { ROOT } from '../setup/data-dir.ts';
import { LAB, progress, type Classroom, type Student } from './classroom.ts';
import { clickedAt } from './page-clock.ts';
import { percentile, type Row } from './report.ts';

const PAIRS = 6;
const TARGET = 1.5;

/** What a student does by hand; prints the milliseconds of each step. */
const BY_HAND = `
t() { date +%s%3N; }
a=$(t)
docker build --quiet --tag app . >/dev/null || exit
b=$(t)
docker run --detach --publish 8080:8080 --name app app >/dev/null || exit
c=$(t)
until curl --silent --fail localhost:8080/health >/dev/null; do sleep 0.02; done
d=$(t)
echo "[$((b - a)),$((c - b)),$((d - c))]"
`;
const Steps = z.tuple([z.number(), z.number(), z.number()]);

export async function measureJudging(classroom: Classroom): Promise<Row[]> {
	const solution = await readSolution();
	const bare: number[] = [];
	const submitted: number[] = [];
	for (let pair = 0; pair < PAIRS; pair += 1) {
		await using student = await classroom.student();
		await student.open();
		await student.view.waitForPrompt();
		await layFiles(classroom, student, solution);
		const measures = [
			async () => bare.push(await byHand(classroom, student)),
			async () => submitted.push(await submitToVerdict(classroom, student)),
		];
		// Each comes first as often as the other.
		for (const measure of pair % 2 ? measures.reverse() : measures) await measure();
	}
	const [hand, verdict] = [percentile(bare, 50), percentile(submitted, 50)];
	progress(`medians: by hand ${hand} ms, submit → verdict ${Math.round(verdict)} ms`);
	return [
		{
			name: 'submit → verdict : bare build, run, curl (medians)',
			value: verdict / hand,
			unit: '×',
			target: TARGET,
		},
	];
}

async function readSolution(): Promise<readonly SubmittedFile[]> {
	const directory = join(ROOT, 'labs');
	const { labs } = await readCatalog(directory);
	const lab = labs.find(({ slug }) => slug === LAB);
	if (!lab) throw new Error(`There is no lab ${LAB}.`);
	return (await readAuthoredCases(directory, lab)).solution;
}

/** Over the starter, which is there; resolves when the document has them too. */
async function layFiles(
	{ runnerd }: Classroom,
	{ workspace, view }: Student,
	files: readonly SubmittedFile[],
): Promise<void> {
	const lay = 'mkdir -p "$(dirname "$1")" && printf %s "$2" > "$1"';
	for (const file of files) {
		if (file.kind !== 'text') continue;
		await runnerd.exec(workspace, ['sh', '-c', lay, 'lay', file.path, file.text]);
	}
	await runnerd.drain(workspace);
	await view.expectFile('.dockerignore');
}

/** In the student's own sandbox, where no build has been yet. Milliseconds. */
async function byHand(classroom: Classroom, { workspace }: Student): Promise<number> {
	await classroom.quiet();
	const output = await classroom.runnerd.exec(workspace, ['sh', '-c', BY_HAND]);
	const steps = Steps.parse(JSON.parse(output));
	await classroom.runnerd.exec(workspace, ['docker', 'rm', '--force', 'app']);
	const took = steps[0] + steps[1] + steps[2];
	progress(`by hand: ${took} ms (build ${steps[0]}, run ${steps[1]}, answer ${steps[2]})`);
	return took;
}

/** From the click on Submit to the verdict on the screen. Milliseconds. */
async function submitToVerdict(classroom: Classroom, { view }: Student): Promise<number> {
	await classroom.quiet();
	const { page, verdict } = view;
	const shown = page.evaluate(() => window.bench.sight('[data-testid="verdict"]', /./));
	await view.submit();
	const took = (await shown) - (await clickedAt(page));
	const words = await verdict.innerText();
	if ((await verdict.getByTestId('verdict').getAttribute('data-status')) !== 'passed') {
		throw new Error(`The solution did not pass:\n${words}`);
	}
	progress(`submit → verdict: ${Math.round(took)} ms`);
	return took;
}
