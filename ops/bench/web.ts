// `npm run bench -- web [--json] [part …]`: what web serves and how fast, and what its page costs a
// browser; all parts, or those that are named.

import { prepareMachine } from '../prepare.ts';
import { Classroom, progress } from './classroom.ts';
import { measureLesson } from './page-lesson.ts';
import { measureOpening } from './page-opening.ts';
import { printRows, type Row } from './report.ts';
import { measureRequests } from './requests.ts';
import { measureStreams } from './streams.ts';

const PARTS = {
	requests: measureRequests,
	streams: measureStreams,
	opening: measureOpening,
	lesson: measureLesson,
};
const named = Object.entries(PARTS).filter(([part]) => process.argv.includes(part));
const parts = named.length > 0 ? named : Object.entries(PARTS);

await prepareMachine(progress);
const rows: Row[] = [];
{
	await using classroom = await Classroom.start();
	for (const signal of ['SIGINT', 'SIGTERM'] as const) {
		process.once(signal, () => void classroom[Symbol.asyncDispose]().then(() => process.exit(1)));
	}
	for (const [, measure] of parts) rows.push(...(await measure(classroom)));
}
printRows(rows);
