// From the click on a lab's Start to a prompt on the screen.

import { progress, type Classroom, type Student } from './classroom.ts';
import { clickedAt } from './page-clock.ts';
import { percentile, type Row } from './report.ts';

const STUDENTS = 8;
const TARGET_S = 3;

export async function measureStarting(classroom: Classroom): Promise<Row[]> {
	const { first, again } = await startingSamples(classroom, STUDENTS);
	const row = (name: string, samples: number[]): Row => ({
		name,
		value: percentile(samples, 95),
		unit: 's',
		target: TARGET_S,
	});
	return [row('start → prompt (p95)', first), row('start → prompt, cold (p95)', again)];
}

/** Seconds: of each student's first start, and of their return to a sandbox that was ended. */
export async function startingSamples(
	classroom: Classroom,
	students: number,
): Promise<{ first: number[]; again: number[] }> {
	const first: number[] = [];
	const again: number[] = [];
	for (let i = 0; i < students; i += 1) {
		await using student = await classroom.student();
		const classPage = student.view.page.url();
		await classroom.quiet();
		first.push(await startToPrompt(student));
		// Their kept volume makes the next start a cold one: the pool can't help.
		await classroom.runnerd.stop(student.workspace);
		await student.view.page.goto(classPage);
		await classroom.quiet();
		again.push(await startToPrompt(student));
		progress(`start → prompt: ${first.at(-1)!.toFixed(2)} s, again ${again.at(-1)!.toFixed(2)} s`);
	}
	return { first, again };
}

/** Seconds. */
async function startToPrompt(student: Student): Promise<number> {
	await student.open();
	const { page } = student.view;
	const prompt = await page.evaluate(() => window.bench.prompt);
	return (prompt - (await clickedAt(page))) / 1000;
}
