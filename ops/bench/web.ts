// `npm run bench -- web [--json] [--record] [part …]`: what web serves and how fast, and what its page
// costs a browser; all parts, or those that are named. --record puts the table into the docs.

import { prepareMachine } from '../prepare.ts';
import { inClassroom, progress } from './classroom.ts';
import { measureLesson } from './page-lesson.ts';
import { measureOpening } from './page-opening.ts';
import { circumstances, load, record } from './record.ts';
import { printRows, tableOf, type Row } from './report.ts';
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
const before = load();
const { rows, chromium } = await inClassroom(async (classroom) => {
	const all: Row[] = [];
	for (const [, measure] of parts) all.push(...(await measure(classroom)));
	return { rows: all, chromium: classroom.browser.version().split('.')[0]! };
});
printRows(rows);
if (process.argv.includes('--record')) {
	await record('web', tableOf(rows), circumstances(chromium, { before, after: load() }));
}
