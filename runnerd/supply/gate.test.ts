// Who is let in, and that nobody who gave up takes a place.

import { expect, test } from 'vitest';
import { Gate } from './gate.ts';

const patient = new AbortController().signal;

test('students go before judges, each in their order', async () => {
	const gate = new Gate(1);
	const first = await gate.enter(0, patient);
	const order: string[] = [];
	const pass = async (name: string, rank: number) => {
		using _place = await gate.enter(rank, patient);
		order.push(name);
	};
	const all = [pass('judge', 2), pass('student 1', 0), pass('pool', 1), pass('student 2', 0)];
	first[Symbol.dispose]();
	await Promise.all(all);
	expect(order).toEqual(['student 1', 'student 2', 'pool', 'judge']);
});

test('who gives up leaves the line; a place is given back once', async () => {
	const gate = new Gate(1);
	const first = await gate.enter(0, patient);
	const hasty = new AbortController();
	const gaveUp = gate.enter(0, hasty.signal);
	hasty.abort(new Error('changed my mind'));
	await expect(gaveUp).rejects.toThrow('changed my mind');
	first[Symbol.dispose]();
	first[Symbol.dispose]();
	await gate.enter(0, patient);
	const second = gate.enter(0, patient).then(() => 'in');
	expect(await Promise.race([second, Promise.resolve('waiting')])).toBe('waiting');
});
