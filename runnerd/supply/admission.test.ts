// The line: who goes first, what room there must be, what those who wait are told.

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { QueuePlace } from '@containrlab/protocol/sandbox.ts';
import { Admission, type Admitted } from './admission.ts';
import type { Rank } from './room.ts';

const GB = 1024 ** 3;
const patient = new AbortController().signal;

/** What is on the machine, for the admission to ask about. */
let machine: { cpus: number; made: number; warm: number; most: number; available: number };
let admission: Admission;

beforeEach(() => {
	vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance', 'Date'] });
	machine = { cpus: 4, made: 0, warm: 0, most: 100, available: 8 * GB };
	admission = new Admission({
		host: () => Promise.resolve({ cpus: machine.cpus, memory: 16 * GB }),
		limits: () => ({ most: machine.most, reserve: GB }),
		memory: {
			read: () => Promise.resolve({ available: machine.available, at: performance.now() }),
		},
		sandboxes: () => machine.made,
		judging: () => 0,
		warm: () => machine.warm,
	});
});
afterEach(() => vi.useRealTimers());

/** Lets everything that can happen now happen. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

async function tick(ms: number): Promise<void> {
	for (let passed = 0; passed < ms; passed += 500) {
		vi.advanceTimersByTime(500);
		await settle();
	}
}

/** Someone in line; `place` once they were let in. */
function come(
	rank: Rank,
	{ since, signal = patient }: { since?: number; signal?: AbortSignal } = {},
) {
	const told: QueuePlace[] = [];
	const one: { told: QueuePlace[]; place?: Admitted; failure?: unknown } = { told };
	admission
		.enter({
			rank,
			signal,
			onPlace: (place) => told.push(place),
			...(since !== undefined && { since }),
		})
		.then(
			(place) => (one.place = place),
			(failure: unknown) => (one.failure = failure),
		);
	return one;
}

/** Their sandbox is there. */
function booted(one: { place?: Admitted }): void {
	machine.made += 1;
	one.place![Symbol.dispose]();
}

test('as many boot at once as there are cores, students by the time at which they asked', async () => {
	const first = [come('student'), come('student'), come('student'), come('student')];
	await settle();
	expect(first.every(({ place }) => place)).toBe(true);
	const [late, early] = [come('student', { since: 2000 }), come('student', { since: 1000 })];
	await settle();
	expect([late.place, early.place]).toEqual([undefined, undefined]);
	booted(first[0]!);
	await settle();
	expect(early.place).toBeDefined();
	expect(late.place).toBeUndefined();
	booted(first[1]!);
	booted(first[1]!);
	await settle();
	expect(late.place).toBeDefined();
});

test('students go before the pool before judges', async () => {
	machine.cpus = 2;
	const [student, judge] = [come('student'), come('judge')];
	await tick(2000);
	const [nextJudge, pool, nextStudent] = [come('judge'), come('pool'), come('student')];
	booted(student);
	await settle();
	expect(nextStudent.place).toBeDefined();
	booted(nextStudent);
	await tick(2000);
	expect([pool.place, nextJudge.place], 'one core stays for students').toEqual([
		undefined,
		undefined,
	]);
	booted(judge);
	await settle();
	expect(pool.place).toBeDefined();
	expect(nextJudge.place).toBeUndefined();
	booted(pool);
	await settle();
	expect(nextJudge.place).toBeDefined();
});

test('the pool is not refilled while students come, nor shortly after', async () => {
	const student = come('student');
	await settle();
	const refill = come('pool');
	await tick(3000);
	expect(refill.place, 'a student boots').toBeUndefined();
	booted(student);
	admission.cameStudent();
	await tick(1000);
	expect(refill.place, 'another was just here').toBeUndefined();
	await tick(2000);
	expect(refill.place).toBeDefined();
});

test('without room nobody is let in but a judge, until something ends', async () => {
	Object.assign(machine, { most: 3, made: 2 });
	const students = [come('student'), come('student')];
	const pool = come('pool');
	await tick(2000);
	expect(students.map(({ place }) => place)).toEqual([undefined, undefined]);
	const judge = come('judge');
	await settle();
	expect(judge.place, 'the last place is for what students submit').toBeDefined();
	judge.place![Symbol.dispose]();
	machine.made -= 1;
	admission.look();
	await settle();
	expect(students.map(({ place }) => place !== undefined)).toEqual([true, false]);
	expect(pool.place).toBeUndefined();
});

test('memory decides: what is left, less what new ones and builds will take', async () => {
	machine.available = 1.4 * GB;
	const boots = Array.from({ length: 4 }, () => come('student'));
	await settle();
	// A place for a judge, and 128 MB each above the reserve.
	expect(boots.filter(({ place }) => place)).toHaveLength(2);
	machine.available = 1.3 * GB;
	for (const boot of boots.slice(0, 2)) booted(boot);
	await tick(2000);
	expect(boots.filter(({ place }) => place)).toHaveLength(2);
	machine.available = 3 * GB;
	await tick(2000);
	expect(boots.filter(({ place }) => place)).toHaveLength(4);
});

test('a warm sandbox gives its room to a student who can not use it, to one each', async () => {
	Object.assign(machine, { most: 2, made: 1, warm: 1 });
	const [first, second] = [come('student'), come('student')];
	await settle();
	expect(first.place?.exchange).toBe(true);
	expect(second.place).toBeUndefined();
	expect(admission.claimable).toBe(0);
});

test('who waits is told their place, and how long it takes if that can be known', async () => {
	machine.cpus = 2;
	const boots = [come('student'), come('student')];
	await settle();
	const waiting = Array.from({ length: 3 }, () => come('student'));
	await tick(2000);
	expect(waiting.map(({ told }) => told.at(-1))).toEqual(
		[1, 1, 2].map((seconds, index) => ({ position: index + 1, seconds })),
	);
	booted(boots[0]!);
	await tick(2500);
	// Boots took two seconds each, two at a time.
	expect(waiting[1]!.told.at(-1)).toEqual({ position: 1, seconds: 2 });
	expect(waiting[2]!.told.at(-1)).toEqual({ position: 2, seconds: 2 });
	machine.most = 1;
	booted(boots[1]!);
	await tick(4000);
	expect(waiting[1]!.told.at(-1), 'someone must leave first').toEqual({
		position: 1,
		seconds: null,
	});
	expect(waiting[1]!.told.length).toBeLessThanOrEqual(3);
});

test('who gives up leaves the line to the others', async () => {
	Object.assign(machine, { most: 1, made: 1 });
	const hasty = new AbortController();
	const [first, second] = [come('student', { signal: hasty.signal }), come('student')];
	await tick(2000);
	expect(second.told.at(-1)?.position).toBe(2);
	hasty.abort(new Error('changed my mind'));
	await tick(2500);
	expect(first.failure).toMatchObject({ message: 'changed my mind' });
	expect(second.told.at(-1)?.position).toBe(1);
});
