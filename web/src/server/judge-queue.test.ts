// The queue on a real Postgres: what comes in early waits for it, students take turns, and what staff
// ask for again stands in nobody's way.

import { expect, it } from 'vitest';
import { testDatabase } from '@containrlab/db/testing.ts';
import { until } from '../../testing.ts';
import { JudgeQueue } from './judge-queue.ts';

/** A queue whose attempts are judged when the test says so. */
async function heldQueue() {
	const database = await testDatabase();
	const began: string[] = [];
	const gates = new Map<string, PromiseWithResolvers<void>>();
	const queue = new JudgeQueue({
		databaseUrl: database.url,
		db: database.connection.db,
		judge: async (attempt) => {
			began.push(attempt);
			const gate = Promise.withResolvers<void>();
			gates.set(attempt, gate);
			await gate.promise;
		},
		log: () => {},
	});
	queue.start();
	return {
		began,
		end: (attempt: string) => gates.get(attempt)!.resolve(),
		add: (attempt: string, student: string, again = false) =>
			database.connection.db.transaction((tx) => queue.enqueue(tx, { attempt, student, again })),
		[Symbol.asyncDispose]: async () => {
			for (const gate of gates.values()) gate.resolve();
			await queue.stop();
			await database[Symbol.asyncDispose]();
		},
	};
}

it('takes what is submitted while it is still being set up', async () => {
	await using queue = await heldQueue();
	await queue.add('an-attempt', 'ann');
	await until('its turn', () => queue.began.includes('an-attempt'));
});

it('judges one attempt of each student at a time', async () => {
	await using queue = await heldQueue();
	await queue.add('ann-1', 'ann');
	await until('the first turn', () => queue.began.includes('ann-1'));
	await queue.add('ann-2', 'ann');
	await queue.add('ben-1', 'ben');
	// Whoever comes later, but has nothing judged yet, goes first.
	await until('the other student’s turn', () => queue.began.includes('ben-1'));
	expect(queue.began).toEqual(['ann-1', 'ben-1']);
	queue.end('ann-1');
	await until('the second turn', () => queue.began.includes('ann-2'));
});

it('goes on with what waits as soon as a turn is free', async () => {
	await using queue = await heldQueue();
	const all = [...Array(40).keys()].map((n) => `attempt-${n}`);
	for (const attempt of all) await queue.add(attempt, `student of ${attempt}`);
	await until('the last turn', () => {
		for (const attempt of queue.began) queue.end(attempt);
		return queue.began.length === all.length;
	});
	expect(new Set(queue.began)).toEqual(new Set(all));
});

it('keeps nobody waiting for what staff ask for again', async () => {
	await using queue = await heldQueue();
	for (const n of [1, 2, 3]) await queue.add(`old-${n}`, `student-${n}`, true);
	await until('one of them', () => queue.began.length === 1);
	await queue.add('new', 'ann');
	await until('the new one', () => queue.began.includes('new'));
	expect(queue.began).toHaveLength(2);
});
