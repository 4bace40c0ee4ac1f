import * as Y from 'yjs';
import { expect, it } from 'vitest';
import {
	createFile,
	deleteFile,
	filesOf,
	listFiles,
	restoreFile,
} from '@containrlab/protocol/workspace-doc.ts';
import { deletedFiles } from './deleted-files.ts';

const text = (path: string, text: string) => ({ kind: 'text', path, mode: 0o644, text }) as const;

it('offers what had something in it, the newest first, and each path once', () => {
	const doc = new Y.Doc();
	const add = (path: string, content: string, deletedAt: number) => {
		const id = createFile(doc, text(path, content));
		deleteFile(doc, id, deletedAt);
		return id;
	};
	add('a.txt', 'older', 1);
	const newer = add('a.txt', 'newer', 3);
	const other = add('b.txt', 'b', 2);
	add('empty.txt', '', 4);
	add('../climbs', 'x', 5);
	deleteFile(doc, createFile(doc, { kind: 'dir', path: 'd', mode: 0o755 }), 6);
	createFile(doc, text('lives.txt', 'x'));
	expect(deletedFiles(listFiles(doc)).map(({ id }) => id)).toEqual([newer, other]);
	restoreFile(doc, newer);
	expect(deletedFiles(listFiles(doc)).map(({ path }) => path)).toEqual(['b.txt', 'a.txt']);
});

it('goes on offering what someone typed into after it was deleted', () => {
	const doc = new Y.Doc();
	const id = createFile(doc, text('a.txt', ''));
	deleteFile(doc, id, 1);
	expect(deletedFiles(listFiles(doc))).toEqual([]);
	(filesOf(doc).get(id)!.get('text') as Y.Text).insert(0, 'typed meanwhile');
	expect(deletedFiles(listFiles(doc)).map((file) => file.text!.toString())).toEqual([
		'typed meanwhile',
	]);
});
