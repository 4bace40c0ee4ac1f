import { expect, it } from 'vitest';
import * as Y from 'yjs';
import { Documents } from './documents.ts';

const update = Y.encodeStateAsUpdate(new Y.Doc());

/** Each load takes `cost` ms of the loop. */
function documents(cost: number) {
	const clock = { now: 0, worked: 0, snapshots: 0 };
	const snapshot = async () => {
		clock.snapshots += 1;
		return { seq: 1, update };
	};
	const all = new Documents(
		{ snapshot },
		{ now: () => clock.now, worked: () => (clock.worked += cost) },
	);
	return { all, clock };
}

it('lets a document that takes seconds hold everyone up once, not again and again', async () => {
	const { all, clock } = documents(3_000);
	const asked = await Promise.all(Array.from({ length: 20 }, () => all.load('costly')));
	expect(asked.filter((each) => each.ok)).toHaveLength(1);
	expect(asked.at(-1)).toEqual({ ok: false, seconds: 5 });
	// sync wasn't asked for it in vain, either.
	expect(clock.snapshots).toBe(1);
	expect((await all.load('another')).ok).toBe(true);
	clock.now += 5_100;
	expect((await all.load('costly')).ok).toBe(true);
	expect((await all.load('costly')).ok).toBe(false);
});

it('is no bound for a program that reads a usual one as fast as it may', async () => {
	const { all, clock } = documents(15);
	for (let n = 0; n < 200; n += 1) {
		expect((await all.load('usual')).ok).toBe(true);
		clock.now += 100;
	}
});

it('keeps few requests waiting for one workspace', async () => {
	const { all } = documents(0);
	const asked = await Promise.all(Array.from({ length: 80 }, () => all.load('w')));
	expect(asked.filter((each) => !each.ok)).toHaveLength(30);
});
