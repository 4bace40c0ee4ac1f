// Requests per second of web's main pages, beside a bare server that answers the same bytes.

import autocannon from 'autocannon';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { LAB, progress, type Classroom } from './classroom.ts';
import { residentMegabytes } from './memory.ts';
import type { Row } from './report.ts';
import { Visitor } from './visitor.ts';

const CONNECTIONS = 16;
const WARM_S = 1;
const SECONDS = 4;

/** How many times as long as the floor's a request may take, and how long the slowest 1 %. */
type Goal = { floor?: number; p99: number };
/** Rendering has no floor worth the name; forty people who open a page at once must not wait. */
const PAGE: Goal = { p99: 1_000 };
const DATA: Goal = { floor: 15, p99: 100 };

interface Target {
	name: string;
	path: string;
	visitor: Visitor;
	goal: Goal;
}

export async function measureRequests(classroom: Classroom): Promise<Row[]> {
	const { lesson } = classroom;
	const pid = lesson.pid('web');
	const atRest = await residentMegabytes(pid);
	const rows: Row[] = [];
	for (const target of await targetsOf(classroom))
		rows.push(...(await measure(lesson.origin, target)));
	return [
		...rows,
		{ name: 'web’s memory at rest', value: atRest, unit: 'MB', target: 250 },
		{
			name: 'web’s memory after these requests',
			value: await residentMegabytes(pid),
			unit: 'MB',
			target: 400,
		},
	];
}

async function targetsOf({ lesson }: Classroom): Promise<Target[]> {
	const { origin, joinCode } = lesson;
	const nobody = new Visitor(origin);
	const instructor = await new Visitor(origin).signIn(lesson.instructor);
	const classPage = await classOf(instructor);
	const student = await new Visitor(origin).join(joinCode, 'Bench student');
	const workspace = await student.follow(`${classPage}/labs/${LAB}`);
	return [
		{ name: 'GET /api/auth/me', path: '/api/auth/me', visitor: student, goal: DATA },
		{ name: 'sign-in page', path: '/signin', visitor: nobody, goal: PAGE },
		{ name: 'classes', path: '/classes', visitor: student, goal: PAGE },
		{ name: 'class, for staff', path: classPage, visitor: instructor, goal: PAGE },
		{ name: 'workspace', path: workspace, visitor: student, goal: PAGE },
	];
}

async function classOf(visitor: Visitor): Promise<string> {
	const page = await (await visitor.send('/classes')).text();
	const [path] = /\/classes\/[a-z0-9]{8,32}/.exec(page) ?? [];
	if (path === undefined) throw new Error('the instructor has no class');
	return path;
}

async function measure(origin: string, { name, path, visitor, goal }: Target): Promise<Row[]> {
	const answer = await visitor.send(path);
	const body = await answer.text();
	if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`);
	const ours = await load(origin + path, visitor.headers);
	const floor = await floorOf(body, answer.headers);
	const times = floor.requests.average / ours.requests.average;
	const figures = `${Math.round(ours.requests.average)} requests/s of ${body.length} bytes`;
	progress(`${name}: ${figures}, floor ${Math.round(floor.requests.average)}/s`);
	return [
		{ name: `${name}: requests`, value: ours.requests.average, unit: '/s' },
		{
			name: `${name}: time of one : bare server’s`,
			value: times,
			unit: '×',
			...(goal.floor !== undefined && { target: goal.floor }),
		},
		{ name: `${name}: time (p50)`, value: ours.latency.p50, unit: 'ms' },
		{ name: `${name}: time (p99)`, value: ours.latency.p99, unit: 'ms', target: goal.p99 },
	];
}

async function load(url: string, headers: Record<string, string>): Promise<autocannon.Result> {
	const options = { url, headers, connections: CONNECTIONS };
	await autocannon({ ...options, duration: WARM_S });
	const result = await autocannon({ ...options, duration: SECONDS });
	if (result.non2xx + result.errors > 0) {
		throw new Error(`${url}: ${result.non2xx} refusals, ${result.errors} errors`);
	}
	return result;
}

/** The same for a server that does nothing but answer these bytes. */
async function floorOf(body: string, headers: Headers): Promise<autocannon.Result> {
	const kept = [...headers].filter(([name]) => !HOP_BY_HOP.has(name));
	const child = fork(fileURLToPath(new URL('./bare-server.ts', import.meta.url)));
	try {
		child.send({ body, headers: Object.fromEntries(kept) });
		const [port] = (await once(child, 'message')) as [number];
		return await load(`http://127.0.0.1:${port}/`, {});
	} finally {
		child.kill();
	}
}

const HOP_BY_HOP = new Set([
	...['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'content-encoding'],
	'set-cookie',
]);
