import { expect, it } from 'vitest';
import * as Y from 'yjs';
import {
	createFile,
	deleteFile,
	liveFiles,
	listFiles,
	renameFile,
	restoreFile,
	type FileContent,
} from '@containrlab/protocol/workspace-doc.ts';
import { resetFiles } from './reset-files.ts';

const STARTER: FileContent[] = [
	{ kind: 'text', path: 'Dockerfile', mode: 0o644, text: 'FROM python\r\nRUN x\r\n' },
	{ kind: 'text', path: 'app.py', mode: 0o644, text: 'print(1)\n' },
	{ kind: 'binary', path: 'logo.png', mode: 0o644, size: 3, sha: 'a'.repeat(64) },
];

function workspace() {
	const doc = new Y.Doc();
	const ids = doc.transact(() => STARTER.map((file) => createFile(doc, file)));
	const reset = () => doc.transact(() => resetFiles(doc, STARTER));
	return { doc, ids, reset, paths: () => liveFiles(doc).map((file) => file.path) };
}

it('leaves alone what is as it was', () => {
	const { doc, reset } = workspace();
	const before = Y.encodeStateVector(doc);
	reset();
	expect(Y.encodeStateVector(doc)).toEqual(before);
});

it('brings back what was changed, renamed or deleted, and takes away what was added', () => {
	const { doc, ids, reset, paths } = workspace();
	liveFiles(doc)[0]!.text!.insert(0, '# mine\n');
	renameFile(doc, ids[1]!, 'renamed.py');
	deleteFile(doc, ids[2]!);
	createFile(doc, { kind: 'text', path: 'extra/notes', mode: 0o644, text: 'notes' });
	reset();
	expect(paths()).toEqual(['Dockerfile', 'app.py', 'logo.png']);
	const [dockerfile] = liveFiles(doc);
	expect([dockerfile!.text!.toString(), dockerfile!.eol]).toEqual(['FROM python\nRUN x\n', 'crlf']);
});

it('loses nothing: what it took away comes back beside the starter', () => {
	const { doc, ids, reset, paths } = workspace();
	liveFiles(doc)[0]!.text!.insert(0, '# mine\n');
	reset();
	const old = listFiles(doc).find((file) => file.id === ids[0]);
	expect(old).toMatchObject({ path: 'Dockerfile', deletedAt: expect.any(Number) as number });
	expect(old!.text!.toString()).toBe('# mine\nFROM python\nRUN x\n');
	restoreFile(doc, ids[0]!);
	expect(paths()).toHaveLength(4);
});

it('takes a file that another pushed aside for another', () => {
	const { doc, reset, paths } = workspace();
	createFile(doc, { kind: 'text', path: 'app.py', mode: 0o644, text: 'other' }, '0');
	expect(paths()).toContain('app (2).py');
	reset();
	expect(paths()).toEqual(['Dockerfile', 'app.py', 'logo.png']);
	expect(liveFiles(doc)[1]!.text!.toString()).toBe('print(1)\n');
});
