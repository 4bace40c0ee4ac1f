// `npm run preflight -- --class CODE`: on the evening before, everything that a class's labs need is
// fetched, and each lab built and judged with the internet cut off, on the installation that runs.

import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connect } from '@containrlab/db/connect.ts';
import { labsOf, limitsOf, membersOf } from '@containrlab/db/queries/classes.ts';
import { classOfCode } from '@containrlab/db/queries/joining.ts';
import {
	Preflight,
	type PreflightReport,
	PreflightRequest,
} from '@containrlab/protocol/preflight.ts';
import { isClear, reportLines } from './preflight/report.ts';
import { Runnerd } from './preflight/runnerd.ts';
import { findRunning } from './running.ts';
import { openDataDir, ROOT } from './setup/data-dir.ts';
import { readLabs } from './setup/demo-class.ts';
import { Refusal } from './steps.ts';

const HELP = `npm run preflight -- --class CODE [--students NUMBER]

  --class CODE       the class's code, as students type it
  --students NUMBER  who are expected at once; else as many as the class has, and at least 40`;
const USUAL_CLASS = 40;
const LOOK_MS = 1000;

try {
	process.exitCode = await main();
} catch (error) {
	if (!(error instanceof Refusal)) throw error;
	console.error(`\n${error.message}\n`);
	process.exitCode = 1;
}

async function main(): Promise<number> {
	const { code, students } = readArguments();
	const data = await openDataDir(process.env['CONTAINRLAB_DATA']);
	const running = await findRunning(data);
	const { id, name, request, titles } = await classToTry(running.databaseUrl, code, students);
	const runnerd = await Runnerd.reach(running);
	console.log(`Preflight of ${name}, for ${request.students} students`);
	const report = await follow(runnerd, id, request, titles);
	for (const line of reportLines(report, titles, running.address)) console.log(line);
	return isClear(report) ? 0 : 1;
}

function readArguments(): { code: string; students: number | undefined } {
	const options = { class: { type: 'string' }, students: { type: 'string' } } as const;
	let values;
	try {
		({ values } = parseArgs({ options }));
	} catch (error) {
		throw new Refusal(`${(error as Error).message}\n\n${HELP}`);
	}
	const students = values.students === undefined ? undefined : Number(values.students);
	const odd = students !== undefined && !(Number.isInteger(students) && students > 0);
	if (!values.class || odd) throw new Refusal(HELP);
	return { code: values.class, students };
}

async function classToTry(databaseUrl: string, code: string, expected: number | undefined) {
	await using connection = connect(databaseUrl, { max: 1 });
	const found = await classOfCode(connection.db, code);
	if (!found) throw new Refusal(`No class has the code ${code}.`);
	const slugs = await labsOf(connection.db, found.id);
	if (slugs.length === 0) throw new Refusal(`${found.name} has no labs yet: pick some first.`);
	const members = await membersOf(connection.db, found.id);
	const here = members.filter(({ role }) => role === 'student').length;
	const { labs } = await readLabs(join(ROOT, 'labs'));
	const byslug = new Map(labs.map((lab) => [lab.slug, lab]));
	const request: PreflightRequest = {
		labs: slugs.map((slug) => ({ slug, digest: byslug.get(slug)?.digest ?? '' })),
		limits: limitsOf(found),
		students: expected ?? Math.max(here, USUAL_CLASS),
	};
	const titles = new Map(slugs.map((slug) => [slug, byslug.get(slug)?.front.title ?? slug]));
	return { id: found.id, name: found.name, request, titles };
}

/** Says what is tried while it is tried. */
async function follow(
	runnerd: Runnerd,
	classId: string,
	request: PreflightRequest,
	titles: ReadonlyMap<string, string>,
): Promise<PreflightReport> {
	let said = '';
	for (let last = await runnerd.begin(classId, request); ; last = await runnerd.look(classId)) {
		if (last.status === 'done') return last.report;
		if (last.status === 'broken') {
			throw new Refusal(`It broke off (${last.code}); log/runnerd.log says more.`);
		}
		const line = doing(last, titles);
		if (line !== '' && line !== said) console.log(line);
		said = line;
		await delay(LOOK_MS);
	}
}

function doing(
	{ doing, done, of }: Extract<Preflight, { status: 'running' }>,
	titles: ReadonlyMap<string, string>,
): string {
	if (!doing) return '';
	const how = doing.pass === 'cut' ? 'without the internet' : 'fetching what it needs';
	return `  … ${done + 1} of ${of}: ${titles.get(doing.slug) ?? doing.slug}, ${how}`;
}
