import { expect, it } from 'vitest';
import * as Y from 'yjs';
import { createFile, listFiles, liveFiles } from '@containrlab/protocol/workspace-doc.ts';
import { putFile } from './put.ts';

function docWith(text: string): Y.Doc {
	const doc = new Y.Doc();
	createFile(doc, { kind: 'text', path: 'f', mode: 0o755, text }, 'f');
	return doc;
}
const fileAt = (doc: Y.Doc, path: string) => liveFiles(doc).find((file) => file.path === path);

it('adds a text with LF inside and its own ends beside it', () => {
	const doc = new Y.Doc();
	putFile(doc, 'win.txt', { kind: 'text', text: '\ufeffa\r\nb\r\n' }, undefined);
	const file = fileAt(doc, 'win.txt')!;
	expect(file.text?.toString()).toBe('a\nb\n');
	expect(file).toMatchObject({ eol: 'crlf', bom: true, mode: 0o644 });
});

it('replaces a text within it: who stands in a line that stays, stays there', () => {
	const doc = docWith('one\ntwo\nthree\n');
	const { text } = fileAt(doc, 'f')!;
	const place = Y.createRelativePositionFromTypeIndex(text!, 'one\ntwo\nth'.length);
	putFile(doc, 'f', { kind: 'text', text: 'zero\r\none\r\nthree\r\n' }, fileAt(doc, 'f'));
	expect(fileAt(doc, 'f')).toMatchObject({ id: 'f', eol: 'crlf', mode: 0o755 });
	expect(text?.toString()).toBe('zero\none\nthree\n');
	const index = Y.createAbsolutePositionFromRelativePosition(place, doc)?.index;
	expect(text?.toString().slice(0, index)).toBe('zero\none\nth');
});

it('lets a file of another kind be brought back', () => {
	const doc = docWith('text');
	putFile(doc, 'f', { kind: 'binary', size: 3, sha: 'abc' }, fileAt(doc, 'f'));
	expect(fileAt(doc, 'f')).toMatchObject({ kind: 'binary', size: 3, sha: 'abc', mode: 0o755 });
	const gone = listFiles(doc).find((file) => file.deletedAt !== undefined);
	expect(gone?.text?.toString()).toBe('text');
	putFile(doc, 'f', { kind: 'binary', size: 4, sha: 'def' }, fileAt(doc, 'f'));
	expect(liveFiles(doc)).toMatchObject([{ kind: 'binary', size: 4, sha: 'def' }]);
});
