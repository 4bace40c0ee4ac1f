// The memory of the whole product with a large class that only sits there: the machine's growth from
// before its first process until every student has a sandbox.

import { setTimeout as delay } from 'node:timers/promises';
import { startLesson } from '../../e2e/lesson.ts';
import { progress } from '../classroom.ts';
import { machineMegabytes } from '../memory.ts';
import type { Row } from '../report.ts';
import { Runnerd } from '../runnerd.ts';
import { Newcomer } from './newcomer.ts';

const STUDENTS = 60;
const TARGET_MB = 4500;
const SETTLE_MS = 20_000;
/** Who arrives together: a class does, but here only what they hold in the end counts. */
const TOGETHER = 6;

export async function measureProduct(): Promise<Row[]> {
	const before = await machineMegabytes();
	const lesson = await startLesson('product');
	try {
		await delay(SETTLE_MS);
		const alone = (await machineMegabytes()) - before;
		const runnerd = await Runnerd.of(lesson);
		for (let n = 0; n < STUDENTS; n += TOGETHER) {
			const arriving = Array.from({ length: TOGETHER }, async (_, k) => {
				const newcomer = await Newcomer.join(lesson, `Student ${n + k + 1}`);
				await newcomer.start();
				await newcomer.ready(runnerd);
			});
			await Promise.all(arriving);
			progress(`${n + TOGETHER} of ${STUDENTS} students have a sandbox`);
		}
		await delay(SETTLE_MS);
		const full = (await machineMegabytes()) - before;
		return [
			{ name: 'the product and its warm sandboxes', value: alone, unit: 'MB' },
			{
				...{ name: `the product and ${STUDENTS} idle sandboxes`, value: full, unit: 'MB' },
				target: TARGET_MB,
			},
		];
	} finally {
		await lesson.stop();
	}
}
