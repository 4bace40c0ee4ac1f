// `npm run bench -- web [--json]`: what web serves and how fast, and what its page costs a browser.

import { prepareMachine } from '../prepare.ts';
import { Classroom, progress } from './classroom.ts';
import { measureLesson } from './page-lesson.ts';
import { measureOpening } from './page-opening.ts';
import { printRows, type Row } from './report.ts';
import { measureRequests } from './requests.ts';
import { measureStreams } from './streams.ts';

await prepareMachine(progress);
const rows: Row[] = [];
{
	await using classroom = await Classroom.start();
	for (const signal of ['SIGINT', 'SIGTERM'] as const) {
		process.once(signal, () => void classroom[Symbol.asyncDispose]().then(() => process.exit(1)));
	}
	for (const measure of [measureRequests, measureStreams, measureOpening, measureLesson]) {
		rows.push(...(await measure(classroom)));
	}
}
printRows(rows);
