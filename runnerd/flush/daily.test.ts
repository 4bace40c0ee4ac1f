// The daily cases of a shell and an editor on the same files, over the real agent.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { rename, rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { deleteFile, joinText, renameFile } from '@containrlab/protocol/workspace-doc.ts';
import { TestWorkspace, until } from './testing.ts';

const run = promisify(execFile);
const shell = (workspace: TestWorkspace, command: string) =>
	run('sh', ['-c', command], { cwd: workspace.agent.root });

test('a document is written to a fresh volume', async () => {
	await using ws = await TestWorkspace.open({ 'app.py': 'print(1)\n', 'src/a/b.txt': '' });
	expect(await ws.diskFiles()).toEqual({ 'app.py': 'print(1)\n', 'src/a/b.txt': '' });
});

test('typing reaches the file', async () => {
	await using ws = await TestWorkspace.open({ f: 'one\n' });
	ws.text('f').insert(4, 'two\n');
	await until(async () => (await ws.read('f')) === 'one\ntwo\n');
});

test('echo >> reaches the editor, and an edit at the same moment survives', async () => {
	await using ws = await TestWorkspace.open({ f: 'one\n' });
	await Promise.all([shell(ws, 'echo shell >> f'), ws.text('f').insert(0, 'editor\n')]);
	await until(async () => {
		const text = 'editor\none\nshell\n';
		return ws.docText('f') === text && (await ws.read('f')) === text;
	});
});

test('sed -i, with its new inode, is the same file', async () => {
	await using ws = await TestWorkspace.open({ Dockerfile: 'FROM python:3.12\nRUN true\n' });
	const { id } = ws.file('Dockerfile')!;
	await shell(ws, 'sed -i s/3.12/3.13/ Dockerfile');
	await until(() => ws.docText('Dockerfile') === 'FROM python:3.13\nRUN true\n');
	expect(ws.file('Dockerfile')!.id).toBe(id);
	expect(ws.docPaths()).toEqual(['Dockerfile']);
});

// vim reads a file, and answers its "changed since reading it" with these (it asks a person first).
test.each([
	['in place', 'cat ../buffer > f'],
	['by a backup and a new file', 'mv f f~; cat ../buffer > f; rm f~'],
	['by renaming', 'cat ../buffer > f.new; mv f.new f'],
])("an editor's :wq over a newer edit of the browser keeps both (%s)", async (_how, write) => {
	await using ws = await TestWorkspace.open({ f: 'one\ntwo\nthree\n' });
	const { id } = ws.file('f')!;
	await shell(ws, 'cat f > ../buffer');
	for (const letter of 'a much newer line\n') {
		ws.text('f').insert(ws.docText('f').indexOf('one'), letter);
		const typed = ws.docText('f');
		await until(async () => (await ws.read('f')) === typed);
	}
	await shell(ws, `sed -i s/three/THREE/ ../buffer; ${write}`);
	await until(() => ws.docText('f').includes('THREE'));
	await ws.flush.drain();
	const both = 'a much newer line\none\ntwo\nTHREE\n';
	expect([ws.docText('f'), await ws.read('f')]).toEqual([both, both]);
	expect(ws.docPaths()).toEqual(['f']);
	expect(ws.file('f')!.id).toBe(id);
});

test('mv keeps the identity, also of a directory', async () => {
	await using ws = await TestWorkspace.open({ a: 'alpha\n', 'src/x': 'ex\n', 'src/y': 'why\n' });
	const ids = ['a', 'src/x', 'src/y'].map((path) => ws.file(path)!.id);
	await shell(ws, 'mv a b; mv src lib');
	await until(() => ws.file('b') && ws.file('lib/y') && !ws.file('src/y'));
	expect(['b', 'lib/x', 'lib/y'].map((path) => ws.file(path)?.id)).toEqual(ids);
});

test('a rename in the editor moves the file and leaves no empty directory', async () => {
	await using ws = await TestWorkspace.open({ 'src/x': 'ex\n' });
	renameFile(ws.editor, ws.file('src/x')!.id, 'lib/deep/z');
	await until(() => ws.exists('lib/deep/z'));
	await ws.flush.drain();
	expect(await ws.exists('src')).toBe(false);
	expect(ws.docPaths()).toEqual(['lib/deep/z']);
});

test('two files that swap their names in the editor swap on disk', async () => {
	await using ws = await TestWorkspace.open({ a: 'A', b: 'B' });
	const [a, b] = [ws.file('a')!.id, ws.file('b')!.id];
	ws.editor.transact(() => {
		renameFile(ws.editor, a, 'b');
		renameFile(ws.editor, b, 'a');
	});
	await ws.flush.drain();
	expect(await ws.diskFiles()).toEqual({ a: 'B', b: 'A' });
});

test('rm deletes, and what was typed meanwhile is still in the document', async () => {
	await using ws = await TestWorkspace.open({ f: 'text\n' });
	const { id, text } = ws.file('f')!;
	ws.server.held = true;
	await rm(ws.at('f'));
	text!.insert(0, 'typed ');
	ws.server.release();
	await until(() => !ws.file('f'));
	expect(text!.toString()).toBe('typed text\n');
	// The same path again is the same file.
	await ws.write('f', 'text\nmore\n');
	await until(() => ws.file('f')?.id === id && ws.docText('f') === 'typed text\nmore\n');
});

test('a delete in the editor removes the file', async () => {
	await using ws = await TestWorkspace.open({ f: 'x', g: 'y' });
	deleteFile(ws.editor, ws.file('f')!.id);
	await until(async () => !(await ws.exists('f')));
	expect(await ws.exists('g')).toBe(true);
});

test('an archive is unpacked', async () => {
	await using ws = await TestWorkspace.open({ keep: 'k' });
	await shell(
		ws,
		`mkdir /tmp/t.$$ && cd /tmp/t.$$ && mkdir -p p/q && for i in $(seq 60); do echo $i > p/q/$i; done &&
		tar cf "$OLDPWD/../a.tar" . && rm -r /tmp/t.$$ && cd "$OLDPWD" && tar xf ../a.tar`,
	);
	// A directory that was seen while it was still empty may stand among them.
	const all = ['keep', ...Array.from({ length: 60 }, (_, i) => `p/q/${i + 1}`)].sort();
	await until(() => {
		expect(ws.docPaths().filter((path) => path !== 'p' && path !== 'p/q')).toEqual(all);
		return true;
	});
	expect(ws.docText('p/q/42')).toBe('42\n');
});

test('an exact return to an older version reverts', async () => {
	await using ws = await TestWorkspace.open({ f: 'first\n' });
	await shell(ws, 'cp f ../old; echo second >> f');
	await until(() => ws.docText('f') === 'first\nsecond\n');
	await ws.flush.drain();
	await shell(ws, 'cat ../old > f');
	await until(() => ws.docText('f') === 'first\n');
	await ws.flush.drain();
	expect(await ws.read('f')).toBe('first\n');
});

test('write and rename over a file keeps its identity', async () => {
	await using ws = await TestWorkspace.open({ f: 'v1\n' });
	const { id } = ws.file('f')!;
	await ws.write('f.tmp', 'v2\n');
	await rename(ws.at('f.tmp'), ws.at('f'));
	await until(() => ws.docText('f') === 'v2\n');
	await ws.flush.drain();
	expect(ws.file('f')!.id).toBe(id);
	expect(ws.docPaths()).toEqual(['f']);
});

test('CRLF, BOM and a missing last newline stay as they are on disk', async () => {
	await using ws = await TestWorkspace.open();
	await ws.write('w.txt', '\ufeffa\r\nb');
	await ws.write('mixed.txt', 'a\r\nb\nc\r\n');
	await until(() => ws.file('w.txt') && ws.file('mixed.txt'));
	expect(ws.docText('w.txt')).toBe('a\nb');
	ws.text('w.txt').insert(0, '\u{1F600}\n');
	await until(async () => (await ws.read('w.txt')) === '\ufeff\u{1F600}\r\na\r\nb');
	await ws.flush.drain();
	expect(await ws.read('mixed.txt')).toBe('a\r\nb\nc\r\n');
	const file = ws.file('w.txt')!;
	expect(joinText(file.text!.toString(), file.eol, file.bom)).toBe(await ws.read('w.txt'));
});
