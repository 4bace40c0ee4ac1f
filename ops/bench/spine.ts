// `npm run bench -- spine [--json]`: how long the main job's steps take on the real stack.

import { prepareMachine } from '../prepare.ts';
import { Classroom, progress } from './classroom.ts';
import { measureJudging } from './judging.ts';
import { printRows, type Row } from './report.ts';
import { measureStarting } from './starting.ts';
import { measureTyping } from './typing.ts';

await prepareMachine(progress);
const rows: Row[] = [];
{
	await using classroom = await Classroom.start();
	for (const signal of ['SIGINT', 'SIGTERM'] as const) {
		process.once(signal, () => void classroom[Symbol.asyncDispose]().then(() => process.exit(1)));
	}
	for (const measure of [measureTyping, measureStarting, measureJudging]) {
		rows.push(...(await measure(classroom)));
	}
}
printRows(rows);
