// The table of attempts: every row once, in order, whatever it is sorted by and submitted meanwhile.

import { newId } from '@containrlab/protocol/id.ts';
import type { Lab } from '@containrlab/protocol/lab.ts';
import { scoreOf, type Verdict } from '@containrlab/protocol/verdict.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '../testing.ts';
import {
	attemptPage,
	countAttempts,
	failureCodes,
	gradebook,
	NUMBER_SORTS,
	TEXT_SORTS,
	type AttemptFilter,
	type AttemptOrder,
} from './attempt-list.ts';
import { insertAttempt, settle } from './attempts.ts';
import { addMember, createClass } from './classes.ts';
import { insertGuest } from './users.ts';
import { openWorkspace } from './workspaces.ts';

const lab = (slug: string): Lab => ({
	...{ slug, digest: `digest-${slug}`, text: '', starter: [] },
	front: {
		...{ title: slug, summary: slug, minutes: 10, goals: ['x'], images: [], hints: [], wrong: {} },
		checks: [{ check: 'image-builds', within: 60 }],
	},
});
const check = (status: 'passed' | 'failed', n: number) =>
	({ id: `c${n}`, title: 'c', phase: 'build', status, durationMs: 1 }) as const;
const failed = (code: string, passed: number): Verdict => ({
	...{ status: 'failed', metrics: { durationMs: 10 * passed, imageBytes: 5_000_000_000 } },
	failures: [{ code, message: 'm', hint: 'h', evidence: [] }],
	checks: [...Array(passed).keys()]
		.map((n) => check('passed', n))
		.concat(check('failed', 9) as never),
});
const passed: Verdict = {
	status: 'passed',
	checks: [check('passed', 1)],
	metrics: { durationMs: 7 },
};
const error: Verdict = {
	...{ status: 'error', code: 'engine', message: 'ours', checks: [], metrics: { durationMs: 0 } },
};

let database: TestDatabase;
let classId: string;
const people: Record<'ann' | 'bo' | 'zoe', string> = { ann: '', bo: '', zoe: '' };

async function submit(ownerId: string, slug: string, verdict: Verdict | undefined) {
	const { db } = database.connection;
	const workspace = await openWorkspace(db, { classId, ownerId, lab: lab(slug) });
	const id = newId();
	await db.transaction((tx) =>
		insertAttempt(tx, {
			...{ id, workspaceId: workspace.id, submittedBy: ownerId, source: 'drained', logSeq: 1 },
			...{ files: [], left: [], labDigest: `digest-${slug}` },
		}),
	);
	const outcome = { judgeDigest: null, phases: [], log: [] };
	if (verdict) await settle(db, { id, try: 1 }, { verdict, ...outcome });
	return id;
}

beforeAll(async () => {
	database = await testDatabase();
	const { db } = database.connection;
	({ id: classId } = await createClass(db, { name: 'C', labs: ['01-a', '02-b'] }));
	for (const name of ['ann', 'bo', 'zoe'] as const) {
		const user = await insertGuest(db, name);
		people[name] = user.id;
		await addMember(db, { classId, userId: user.id, role: 'student' });
	}
	for (let n = 0; n < 6; n += 1) await submit(people.ann, '01-a', failed(`code-${n % 2}`, n % 4));
	await submit(people.ann, '01-a', passed);
	await submit(people.ann, '01-a', failed('code-0', 5));
	await submit(people.ann, '02-b', error);
	await submit(people.bo, '01-a', failed('code-1', 3));
	await submit(people.bo, '01-a', failed('code-1', 2));
	await submit(people.bo, '02-b', undefined);
});
afterAll(async () => database?.[Symbol.asyncDispose]());

const page = (order: AttemptOrder, filter: Partial<AttemptFilter> = {}, size = 5) =>
	attemptPage(database.connection.db, { classId, ...filter }, order, size);

describe('pages', () => {
	it.each(
		[...TEXT_SORTS, ...NUMBER_SORTS].flatMap((sort) => [
			[sort, false] as const,
			[sort, true] as const,
		]),
	)(
		'by %s, descending %s, hold every attempt once, forwards and back',
		async (sort, descending) => {
			const whole = await page({ sort, descending }, {}, 100);
			expect(whole.rows).toHaveLength(12);
			expect([whole.next, whole.previous]).toEqual([undefined, undefined]);
			const ids = whole.rows.map((row) => row.id);
			const first = await page({ sort, descending });
			const second = await page({ sort, descending, after: first.next });
			const third = await page({ sort, descending, after: second.next });
			const walked = [first, second, third].flatMap(({ rows }) => rows.map((row) => row.id));
			expect(walked).toEqual(ids);
			expect(first.previous).toBeUndefined();
			expect(third.next).toBeUndefined();
			const back = await page({ sort, descending, before: third.previous });
			expect(back.rows).toEqual(second.rows);
			const front = await page({ sort, descending, before: back.previous });
			expect(front.rows).toEqual(first.rows);
			expect(front.previous).toBeUndefined();
		},
	);

	it('sort by name, not by case or id', async () => {
		const { rows } = await page({ sort: 'student', descending: false }, {}, 100);
		expect([...new Set(rows.map((row) => row.student.name))]).toEqual(['ann', 'bo']);
	});

	it('stay where they are when someone submits meanwhile', async () => {
		const order = { sort: 'when', descending: true } as const;
		const first = await page(order);
		const second = await page({ ...order, after: first.next });
		const id = await submit(people.zoe, '01-a', passed);
		expect((await page({ ...order, after: first.next })).rows).toEqual(second.rows);
		expect((await page(order)).rows[0]!.id).toBe(id);
		await database.connection.sql`delete from attempts where id = ${id}`;
	});
});

describe('filters', () => {
	const ids = async (filter: Partial<AttemptFilter>) =>
		(await page({ sort: 'when', descending: false }, filter, 100)).rows.map(
			(row) => `${row.student.name} ${row.labSlug} ${row.number} ${row.status}`,
		);

	it('choose by person, lab, verdict, code and day', async () => {
		expect(await ids({ studentId: people.bo, labSlug: '01-a' })).toHaveLength(2);
		expect(await ids({ status: 'error' })).toEqual(['ann 02-b 1 error']);
		expect(await ids({ code: 'code-1' })).toHaveLength(5);
		expect(await ids({ code: 'code-1', studentId: people.ann })).toHaveLength(3);
		expect(await ids({ from: new Date(Date.now() + 60_000) })).toEqual([]);
		expect(await ids({ until: new Date(Date.now() + 60_000) })).toHaveLength(12);
		expect(await ids({ classId: newId() })).toEqual([]);
	});

	it('keep of each person and lab the latest, or the best', async () => {
		expect(await ids({ show: 'latest' })).toEqual([
			...['ann 01-a 8 failed', 'ann 02-b 1 error', 'bo 01-a 2 failed', 'bo 02-b 1 queued'],
		]);
		expect(await ids({ show: 'best' })).toEqual([
			...['ann 01-a 7 passed', 'ann 02-b 1 error', 'bo 01-a 1 failed', 'bo 02-b 1 queued'],
		]);
		expect(await ids({ show: 'latest', status: 'passed' })).toEqual([]);
	});

	it('count what they choose', async () => {
		const { db } = database.connection;
		const all = { queued: 1, running: 0, passed: 1, failed: 9, error: 1, withdrawn: 0 };
		expect(await countAttempts(db, { classId })).toEqual(all);
		const best = { queued: 1, running: 0, passed: 1, failed: 1, error: 1, withdrawn: 0 };
		expect(await countAttempts(db, { classId, show: 'best' })).toEqual(best);
		expect(await failureCodes(db, classId)).toEqual(['code-0', 'code-1']);
	});
});

it('grades by points, those of the best attempt, and says what of them is bonus', async () => {
	const { db } = database.connection;
	const own = await createClass(db, { name: 'Points', labs: ['01-a'] });
	const dee = await insertGuest(db, 'dee');
	await addMember(db, { classId: own.id, userId: dee.id, role: 'student' });
	const workspace = await openWorkspace(db, {
		...{ classId: own.id, ownerId: dee.id, lab: lab('01-a') },
	});
	const weighted = (main: 'passed' | 'failed', bonus: 'passed' | 'failed'): Verdict => {
		const checks = [
			{ ...check('passed', 1), points: 2 },
			{ ...check(main, 2), points: 5 },
			{ ...check(bonus, 3), points: 3, bonus: true },
		];
		const metrics = { durationMs: 1 };
		const failures = [{ code: 'c', message: 'm', hint: 'h', evidence: [] }];
		return main === 'passed'
			? { status: 'passed', checks, metrics }
			: { status: 'failed', checks, metrics, failures };
	};
	const best = async () => (await gradebook(db, own.id)).map((grade) => grade.best);
	expect(await best()).toEqual([null]);
	const verdicts = [weighted('failed', 'passed'), weighted('passed', 'failed'), error] as const;
	const expected = [
		{ earned: 5, possible: 7, bonus: 3 },
		{ earned: 7, possible: 7, bonus: 0 },
		{ earned: 7, possible: 7, bonus: 0 },
	];
	for (const [n, verdict] of verdicts.entries()) {
		const id = newId();
		await db.transaction((tx) =>
			insertAttempt(tx, {
				...{ id, workspaceId: workspace.id, submittedBy: dee.id, source: 'drained', logSeq: n },
				...{ files: [], left: [], labDigest: 'digest-01-a' },
			}),
		);
		await settle(db, { id, try: 1 }, { verdict, judgeDigest: null, phases: [], log: [] });
		expect(await best()).toEqual([expected[n]]);
		if (verdict !== error) expect(scoreOf(verdict.checks)).toEqual(expected[n]);
	}
});

it('grades every student and lab, and counts no trouble of ours', async () => {
	const grades = await gradebook(database.connection.db, classId);
	expect(
		grades.map(({ name, labSlug, passed, failed, open, errors, firstPass }) => [
			...[name, labSlug, passed, failed, open, errors, firstPass instanceof Date],
		]),
	).toEqual([
		['ann', '01-a', 1, 7, 0, 0, true],
		['ann', '02-b', 0, 0, 0, 1, false],
		['bo', '01-a', 0, 2, 0, 0, false],
		['bo', '02-b', 0, 0, 1, 0, false],
		['zoe', '01-a', 0, 0, 0, 0, false],
		['zoe', '02-b', 0, 0, 0, 0, false],
	]);
});
