// `npm run bench -- spine [--json]`: how long the main job's steps take on the real stack.

import { prepareMachine } from '../prepare.ts';
import { inClassroom, progress } from './classroom.ts';
import { measureJudging } from './judging.ts';
import { printRows, type Row } from './report.ts';
import { measureStarting } from './starting.ts';
import { measureTyping } from './typing.ts';

await prepareMachine(progress);
const rows = await inClassroom(async (classroom) => {
	const all: Row[] = [];
	for (const measure of [measureTyping, measureStarting, measureJudging]) {
		all.push(...(await measure(classroom)));
	}
	return all;
});
printRows(rows);
