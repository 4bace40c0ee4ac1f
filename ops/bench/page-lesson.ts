// An hour of the lesson in some minutes, and what of it stays in the page's memory.

import type { CDPSession } from 'playwright-core';
import { DOCKERIGNORE, FIRST_DOCKERFILE } from '../e2e/lesson.ts';
import { progress, type Classroom } from './classroom.ts';
import type { Row } from './report.ts';

/** A busy hour: keys, lines that builds print, and submissions, as fast as they go. */
const KEYS = 3_000;
const ROUNDS = 10;
const LINES_EACH = 9_000;
/** A machine that can't play the hour in this time plays less of it, and the row says how much. */
const AT_MOST_MS = 90_000;
const SENTENCE = 'the hour goes by while layers are built and thrown away again ';

export async function measureLesson(classroom: Classroom): Promise<Row[]> {
	await using student = await classroom.student();
	await student.open();
	const { view } = student;
	const { page } = view;
	await view.waitForPrompt();
	await view.openFile('Dockerfile');
	await view.replaceText(FIRST_DOCKERFILE);
	await view.ensureFile('.dockerignore', DOCKERIGNORE);
	await view.createFile('notes.txt');
	const cdp = await page.context().newCDPSession(page);
	await cdp.send('HeapProfiler.enable');
	await cdp.send('Performance.enable');
	const before = await heapMegabytes(cdp);
	progress(`an hour of the lesson: heap ${before.toFixed(1)} MB before`);
	const text = SENTENCE.repeat(Math.ceil(KEYS / ROUNDS / SENTENCE.length)).slice(0, KEYS / ROUNDS);
	const begun = performance.now();
	let played = 0;
	for (let round = 1; round <= ROUNDS; round += 1) {
		if (performance.now() - begun > AT_MOST_MS) break;
		await view.typeAtEnd(`${text}\n`);
		await view.run(
			`seq -f "round ${round}, line %.0f of what a build prints on its way" ${LINES_EACH}; echo done=${round}`,
		);
		await view.expectTerminal(new RegExp(`^done=${round}$`, 'm'), 60_000);
		await view.submit();
		await view.expectVerdict('passed', round, 120_000);
		played = round;
		progress(`  after round ${round} of ${ROUNDS} ${(await heapMegabytes(cdp)).toFixed(1)} MB`);
	}
	const time = played === ROUNDS ? 'an hour' : `${played} of ${ROUNDS} parts of an hour`;
	return [
		{ name: 'page’s heap before the lesson', value: before, unit: 'MB' },
		{
			name: `page’s heap after ${time} of the lesson`,
			value: await heapMegabytes(cdp),
			unit: 'MB',
			target: 150,
		},
	];
}

/** What is still held once everything else was collected. */
async function heapMegabytes(cdp: CDPSession): Promise<number> {
	await cdp.send('HeapProfiler.collectGarbage');
	const { metrics } = await cdp.send('Performance.getMetrics');
	const used = metrics.find((metric) => metric.name === 'JSHeapUsedSize')?.value ?? Number.NaN;
	return used / 1e6;
}
