// Which kept volumes make room, and in what order.

import { expect, test } from 'vitest';
import { surplus } from './kept-volumes.ts';

const volume = (name: string, bytes: number | undefined, usedAt: number, home = true) => ({
	...{ name, bytes, usedAt, home, owner: undefined },
});
const names = (kept: { name: string }[]) => kept.map(({ name }) => name);

test('what is within the budget stays', () => {
	const kept = [volume('a', 50, 1), volume('b', 50, 2)];
	expect(surplus(kept, { count: 2, bytes: 100 })).toEqual([]);
});

test('the longest unused go first, no more of them than must', () => {
	const kept = [volume('new', 60, 3), volume('oldest', 10, 1), volume('old', 40, 2)];
	expect(names(surplus(kept, { count: 9, bytes: 70 }))).toEqual(['oldest', 'old']);
	expect(names(surplus(kept, { count: 2, bytes: 1000 }))).toEqual(['oldest']);
	expect(names(surplus(kept, { count: 9, bytes: 0 }))).toEqual(['oldest', 'old', 'new']);
});

test('what may hold the only copy of a file goes last, but it is bounded too', () => {
	const kept = [volume('unsaved', 10, 1, false), volume('old', 10, 2), volume('new', 10, 3)];
	expect(names(surplus(kept, { count: 1, bytes: 1000 }))).toEqual(['old', 'new']);
	expect(names(surplus(kept, { count: 0, bytes: 1000 }))).toEqual(['old', 'new', 'unsaved']);
});

test('one that could not be measured counts as full', () => {
	const kept = [volume('a', 10, 1), volume('hostile', undefined, 2)];
	expect(names(surplus(kept, { count: 9, bytes: 1024 ** 3 }))).toEqual(['a', 'hostile']);
});
