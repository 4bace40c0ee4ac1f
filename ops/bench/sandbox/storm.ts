// Forty students behind one address join and click within ten seconds.

import { startLesson } from '../../e2e/lesson.ts';
import { storm } from '../../e2e/storm.ts';
import { percentile, type Row } from '../report.ts';
import { Runnerd } from '../runnerd.ts';

const STUDENTS = 40;
const SPREAD_MS = 10_000;
const TARGET_S = 8;
const POOL = 2;

export async function measureStorm(): Promise<Row[]> {
	process.env['POOL_SIZE'] = String(POOL);
	const lesson = await startLesson('storm');
	try {
		await (await Runnerd.of(lesson)).quiet(POOL);
		const all = await storm(lesson, {
			...{ students: STUDENTS, spreadMs: SPREAD_MS, withinMs: 120_000 },
		});
		const joins = all.map(({ joinMs }) => joinMs / 1000);
		const prompts = all.map(({ promptMs }) => promptMs / 1000);
		const name = `storm of ${STUDENTS} in ${SPREAD_MS / 1000} s`;
		return [
			{ name: `${name}: joined (p95)`, value: percentile(joins, 95), unit: 's' },
			{ name: `${name}: click → prompt (median)`, value: percentile(prompts, 50), unit: 's' },
			{
				...{ name: `${name}: click → prompt (p95)`, value: percentile(prompts, 95), unit: 's' },
				target: TARGET_S,
			},
		];
	} finally {
		await lesson.stop();
	}
}
