// From the click on a lab to a prompt in the browser: a newcomer's from the pool, and theirs who
// come back to a kept volume, where no warm sandbox can help.

import { inClassroom } from '../classroom.ts';
import { startingSamples } from '../starting.ts';
import { percentile, type Row } from '../report.ts';

const STUDENTS = 20;
const TARGET_S = { pool: 1, kept: 2.5 };

export async function measureClick(): Promise<Row[]> {
	const { first, again } = await inClassroom((room) => startingSamples(room, STUDENTS));
	const row = (name: string, value: number, target?: number): Row => ({
		...{ name, value, unit: 's' },
		...(target !== undefined && { target }),
	});
	return [
		row('click → prompt, from the pool (p50)', percentile(first, 50)),
		row('click → prompt, from the pool (p95)', percentile(first, 95), TARGET_S.pool),
		row('click → prompt, on a kept volume (p50)', percentile(again, 50)),
		row('click → prompt, on a kept volume (p95)', percentile(again, 95), TARGET_S.kept),
	];
}
