// The plan, by example: what each side is, what both agreed on, and what follows.

import { expect, test } from 'vitest';
import { reconcile, type Base, type DiskEntry, type DocEntry } from './reconcile.ts';

const doc = (id: string, path: string, content = 'v1', more: Partial<DocEntry> = {}): DocEntry => ({
	id,
	path,
	content,
	kind: 'text',
	mode: 0o644,
	deleted: false,
	...more,
});
const disk = (path: string, content = 'v1', more: Partial<DiskEntry> = {}): DiskEntry => ({
	path,
	content,
	kind: 'file',
	mode: 0o644,
	ino: 7,
	size: 2,
	...more,
});
const base = (id: string, path: string, more: Partial<Base> = {}): Base => ({
	id,
	path,
	kind: 'text',
	doc: 'v1',
	disk: 'v1',
	mode: 0o644,
	ino: 7,
	v: 1,
	...more,
});
const plan = (
	docs: DocEntry[],
	bases: Base[],
	disks: DiskEntry[],
	more: { moves?: [string, string][]; settled?: boolean; graves?: [string, string][] } = {},
) =>
	reconcile({
		doc: docs,
		base: new Map(bases.map((one) => [one.id, one])),
		disk: new Map(disks.map((one) => [one.path, one])),
		moves: new Map(more.moves),
		graves: new Map(more.graves?.map(([path, id]) => [path, { id }])),
		settled: () => more.settled ?? true,
	});
const nothing = { absorb: [], apply: [], waiting: [], problems: [] };

test('when all agree there is nothing to do', () => {
	expect(plan([doc('a', 'f')], [base('a', 'f')], [disk('f')])).toEqual(nothing);
});

test('each side’s change goes to the other', () => {
	expect(plan([doc('a', 'f', 'v2')], [base('a', 'f')], [disk('f')]).apply).toEqual([
		{ do: 'write', id: 'a', path: 'f', expect: 'v1' },
	]);
	const change = [{ do: 'content', id: 'a', path: 'f' }];
	expect(plan([doc('a', 'f')], [base('a', 'f')], [disk('f', 'v2')]).absorb).toEqual(change);
	expect(plan([doc('a', 'f', 'v3')], [base('a', 'f')], [disk('f', 'v2')])).toEqual({
		...nothing,
		absorb: change,
	});
	expect(plan([doc('a', 'f', 'v2')], [base('a', 'f')], [disk('f', 'v2')]).apply).toEqual([
		{ do: 'adopt', id: 'a', path: 'f' },
	]);
});

test('a path that still exists is the same file, whatever its inode', () => {
	expect(plan([doc('a', 'f')], [base('a', 'f')], [disk('f', 'v1', { ino: 99 })])).toEqual(nothing);
});

test('a vanished path waits, then it is a rename by move, inode and content, or content alone', () => {
	const renamed = [{ do: 'path', id: 'a', path: 'g', rename: true }];
	const to = disk('g', 'v1', { ino: 99 });
	expect(plan([doc('a', 'f')], [base('a', 'f')], [to], { settled: false })).toEqual({
		...nothing,
		waiting: ['a'],
	});
	expect(plan([doc('a', 'f')], [base('a', 'f')], [to]).absorb).toEqual(renamed);
	const edited = disk('g', 'v2', { ino: 99 });
	expect(plan([doc('a', 'f')], [base('a', 'f')], [edited], { moves: [['f', 'g']] }).absorb).toEqual(
		renamed,
	);
	expect(plan([doc('a', 'f')], [base('a', 'f')], [edited]).absorb).toEqual([
		{ do: 'delete', id: 'a' },
		{ do: 'create', path: 'g' },
	]);
});

test('nothing else comes to the place of a file that vanished until it is settled', () => {
	const moved = disk('d/f', 'v1', { ino: 99 });
	const files = [doc('a', 'f (2)'), doc('b', 'f', 'new'), doc('c', 'g', 'v3')];
	const bases = [base('a', 'f')];
	expect(plan(files, bases, [moved], { settled: false })).toEqual({
		...nothing,
		apply: [{ do: 'write', id: 'c', path: 'g', expect: null }],
		waiting: ['a'],
	});
	bases.push(base('b', 'h', { doc: 'new', disk: 'new', ino: 8 }));
	const disks = [moved, disk('h', 'new', { ino: 8 })];
	expect(plan(files.slice(0, 2), bases, disks, { settled: false })).toEqual({
		...nothing,
		waiting: ['a'],
	});
});

test('of two records of one path, one is of what is there; the other’s file moved, or is made anew', () => {
	const moved = [disk('g'), disk('f', 'new', { ino: 8 })];
	for (const swapped of [false, true]) {
		const bases = [base('a', 'f'), base('b', 'f', { doc: 'new', disk: 'new', ino: 8 })];
		if (swapped) bases.reverse();
		const files = [doc('a', 'f'), doc('b', 'f (2)', 'new')];
		expect(plan(files, bases, moved).absorb).toEqual([
			{ do: 'path', id: 'a', path: 'g', rename: true },
		]);
		expect(plan(files, bases, moved.slice(1))).toEqual({
			...nothing,
			apply: [
				{ do: 'forget', id: 'a' },
				{ do: 'move', id: 'b', path: 'f', to: 'f (2)', expect: 'new' },
			],
		});
		// What is deleted takes nothing along that isn't its own.
		const deleted = [doc('a', 'f', 'v1', { deleted: true }), doc('b', 'f', 'new')];
		expect(plan(deleted, bases, moved.slice(1)).apply).toEqual([{ do: 'forget', id: 'a' }]);
	}
});

test('a reused inode with other content is no rename', () => {
	const found = plan([doc('a', 'f')], [base('a', 'f')], [disk('g', 'other')]);
	expect(found.absorb).toContainEqual({ do: 'create', path: 'g' });
});

test('deleted here, changed there: it comes back; deleted here, unchanged there: it goes', () => {
	const deleted = doc('a', 'f', 'v1', { deleted: true });
	expect(plan([deleted], [base('a', 'f')], [disk('f', 'v2')]).absorb).toEqual([
		{ do: 'restore', id: 'a' },
	]);
	expect(plan([deleted], [base('a', 'f')], [disk('f')]).apply).toEqual([
		{ do: 'remove', id: 'a', path: 'f', expect: 'v1' },
	]);
});

test('both renamed: the document’s name wins, on the file where it now is', () => {
	const found = plan([doc('a', 'mine')], [base('a', 'f')], [disk('theirs')]);
	expect(found.absorb).toEqual([{ do: 'path', id: 'a', path: 'theirs', rename: false }]);
});

test('a swap goes by way of a third name', () => {
	const found = plan(
		[doc('a', 'g', 'A'), doc('b', 'f', 'B')],
		[base('a', 'f', { doc: 'A', disk: 'A' }), base('b', 'g', { doc: 'B', disk: 'B', ino: 8 })],
		[disk('f', 'A'), disk('g', 'B', { ino: 8 })],
	);
	expect(found.apply).toEqual([{ do: 'move', id: 'a', path: 'f', to: 'f.moving', expect: 'A' }]);
});

test('a file that the shell deleted and makes again is the one it was', () => {
	const deleted = doc('a', 'f', 'v1', { deleted: true });
	expect(plan([deleted], [], [disk('f', 'v2')], { graves: [['f', 'a']] }).absorb).toEqual([
		{ do: 'revive', id: 'a', path: 'f' },
	]);
});

test('what is too large is neither read nor overwritten', () => {
	const large = disk('f', undefined, { content: undefined });
	expect(plan([doc('a', 'f', 'v2')], [base('a', 'f')], [large])).toEqual({
		...nothing,
		problems: [{ path: 'f', code: 'too-large' }],
	});
});

test('an entry of another document is forgotten, its file found anew', () => {
	const found = plan([], [base('a', 'f')], [disk('f')]);
	expect(found.apply).toEqual([{ do: 'forget', id: 'a' }]);
	expect(found.absorb).toEqual([{ do: 'create', path: 'f' }]);
});
