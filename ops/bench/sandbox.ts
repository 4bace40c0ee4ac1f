// `npm run bench -- sandbox [part …] [--json] [--record]`: what a sandbox costs, and what a class of
// them bears; all parts, or those that are named. --record puts each part's table into the docs.

import { loadavg } from 'node:os';
import Docker from 'dockerode';
import { prepareMachine } from '../prepare.ts';
import { progress } from './classroom.ts';
import { circumstances, load, record } from './record.ts';
import { printRows, tableOf, type Row } from './report.ts';
import { PARTS } from './sandbox/parts.ts';

/** On a machine busier than this, figures say more about what else runs. */
const BUSY = 1.5;

const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const unknown = words.filter((word) => !Object.hasOwn(PARTS, word));
if (unknown.length > 0) {
	console.error(`There is no part ${unknown.join(', ')}: ${Object.keys(PARTS).join(', ')}`);
	process.exit(2);
}
const parts = Object.entries(PARTS).filter(([part]) => words.length === 0 || words.includes(part));

const images = await prepareMachine(progress);
if (loadavg()[0]! > BUSY) progress(`note: the machine is busy (load average ${load()})`);
// Parts that use runnerd's parts directly find the images where tests find them.
Object.assign(process.env, { SANDBOX_IMAGE: images.sandbox, IMAGES_VOLUME: images.volume });
const all: Row[] = [];
for (const [part, measure] of parts) {
	progress(`── ${part}`);
	const before = load();
	const rows = await measure({ docker: new Docker(), images });
	all.push(...rows);
	if (!process.argv.includes('--record')) continue;
	await record(
		`sandbox ${part}`,
		tableOf(rows),
		circumstances(undefined, { before, after: load() }),
	);
}
printRows(all);
