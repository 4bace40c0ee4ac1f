// The workspace document: line ends, names, and clashes that every side settles alike.

import { expect, test } from 'vitest';
import * as Y from 'yjs';
import {
	createFile,
	deleteFile,
	filesOf,
	joinText,
	listFiles,
	liveFiles,
	renameFile,
	restoreFile,
	splitText,
	starterUpdate,
} from './workspace-doc.ts';

const text = (path: string, content = '') =>
	({ kind: 'text', path, mode: 0o644, text: content }) as const;
const paths = (doc: Y.Doc) => liveFiles(doc).map((file) => file.path);

test.each(['', 'a', 'a\nb\n', 'a\r\nb\r\n', '\ufeffa\r\n', '\ufeff', '\r\n', '\n', 'a\rb\n'])(
	'%j is joined as it was split',
	(disk) => {
		const { text, eol, bom } = splitText(disk);
		expect(text).not.toContain('\r\n');
		expect(joinText(text, eol, bom)).toBe(disk);
	},
);

test('mixed line ends become LF', () => {
	expect(splitText('a\r\nb\nc')).toEqual({ text: 'a\nb\nc', eol: 'lf', bom: false });
});

test('a starter is one update, line ends apart', () => {
	const doc = new Y.Doc();
	Y.applyUpdate(doc, starterUpdate([text('b.txt', 'x\r\n'), text('a.txt', 'y')]));
	expect(paths(doc)).toEqual(['a.txt', 'b.txt']);
	expect(liveFiles(doc)[1]).toMatchObject({ eol: 'crlf', mode: 0o644, kind: 'text' });
	expect(liveFiles(doc)[1]!.text!.toString()).toBe('x\n');
});

test('what was typed into a deleted file survives, and comes back with it', () => {
	const [one, two] = [new Y.Doc(), new Y.Doc()];
	const id = createFile(one, text('f', 'text'));
	Y.applyUpdate(two, Y.encodeStateAsUpdate(one));
	deleteFile(one, id, 1);
	liveFiles(two)[0]!.text!.insert(0, 'typed ');
	Y.applyUpdate(one, Y.encodeStateAsUpdate(two));
	expect(paths(one)).toEqual([]);
	restoreFile(one, id);
	expect(liveFiles(one)[0]!.text!.toString()).toBe('typed text');
});

test('two entries on one path are settled alike whatever came first', () => {
	const make = (order: readonly string[]) => {
		const doc = new Y.Doc();
		for (const id of order) createFile(doc, text('src/a.test.ts', id), id);
		return listFiles(doc).map((file) => [file.id, file.path, file.wantedPath]);
	};
	const settled = [
		['b', 'src/a (2).test.ts', 'src/a.test.ts'],
		['c', 'src/a (3).test.ts', 'src/a.test.ts'],
		['a', 'src/a.test.ts', 'src/a.test.ts'],
	];
	expect(make(['a', 'b', 'c'])).toEqual(settled);
	expect(make(['c', 'a', 'b'])).toEqual(settled);
});

test('a whole crowd on one path moves aside in no time', () => {
	const doc = new Y.Doc();
	const crowd = 20_000;
	doc.transact(() => {
		for (let n = 0; n < crowd; n += 1) createFile(doc, { kind: 'dir', path: `${n}`, mode: 0o755 });
		for (const file of filesOf(doc).values()) {
			file.set('path', 'f');
			file.set('kind', 'binary');
		}
	});
	const began = performance.now();
	const found = new Set(paths(doc));
	// One after the other through all names that are taken, it is a minute, in every part of ours.
	expect(performance.now() - began).toBeLessThan(5000);
	expect(found.size).toBe(crowd);
	expect(found).toContain(`f (${crowd})`);
});

test('moving aside takes nobody else off their path', () => {
	const doc = new Y.Doc();
	createFile(doc, text('f'), 'a');
	createFile(doc, text('f'), 'b');
	createFile(doc, text('f (2)'), 'c');
	const found = Object.fromEntries(liveFiles(doc).map((file) => [file.id, file.path]));
	expect(found['c']).toBe('f (2)');
	expect(new Set(Object.values(found)).size).toBe(3);
});

test('a file where others need a directory moves aside; directories on one path are one', () => {
	const doc = new Y.Doc();
	createFile(doc, text('d'), 'a');
	createFile(doc, text('d/x'), 'b');
	createFile(doc, { kind: 'dir', path: 'd', mode: 0o755 }, 'c');
	createFile(doc, { kind: 'dir', path: 'd', mode: 0o755 }, 'e');
	expect(paths(doc)).toEqual(['d', 'd', 'd (2)', 'd/x']);
});

test('hidden files keep their dot when they move aside, deleted ones take no place', () => {
	const doc = new Y.Doc();
	createFile(doc, text('.env'), 'a');
	createFile(doc, text('.env'), 'b');
	expect(paths(doc)).toEqual(['.env', '.env (2)']);
	deleteFile(doc, 'a');
	expect(paths(doc)).toEqual(['.env']);
	renameFile(doc, 'b', 'env');
	expect(paths(doc)).toEqual(['env']);
});

test('impossible paths settle nothing', () => {
	const doc = new Y.Doc();
	for (const path of ['', '/tmp/x', '../x', '../x']) createFile(doc, text(path));
	expect(paths(doc)).toEqual(['', '../x', '../x', '/tmp/x']);
});

test('what hostile peers put there is left out or bounded', () => {
	const doc = new Y.Doc();
	const files = filesOf(doc) as Y.Map<unknown>;
	files.set('a', 'no map');
	files.set('b', new Y.Map([['kind', 'text']]));
	files.set(
		'c',
		new Y.Map<unknown>(Object.entries({ kind: 'text', path: 'x', text: 'no Y.Text' })),
	);
	files.set('d', new Y.Map<unknown>(Object.entries({ kind: 'dir', path: 'd', mode: 0o6777 })));
	expect(listFiles(doc)).toMatchObject([{ id: 'd', mode: 0o777 }]);
});
