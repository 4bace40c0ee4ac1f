import { expect, it } from 'vitest';
import * as Y from 'yjs';
import { shaOf } from '@containrlab/db/queries/blobs.ts';
import { FILE_LIMITS } from '@containrlab/protocol/path.ts';
import { createFile, deleteFile } from '@containrlab/protocol/workspace-doc.ts';
import { gatherFiles, submittedFiles } from './submitted-files.ts';

const bytes = new Uint8Array([0, 1, 2, 255]);
const sha = shaOf(bytes);
const kept = async (wanted: string) => (wanted === sha ? bytes : undefined);

function docOf(...paths: string[]): Y.Doc {
	const doc = new Y.Doc();
	for (const path of paths)
		createFile(doc, { kind: 'text', path, mode: 0o644, text: 'a\r\nb\r\n' });
	return doc;
}

it('returns text with its line ends and marks, and leaves deleted files out', async () => {
	const doc = docOf('b.txt', 'gone.txt');
	createFile(doc, { kind: 'text', path: 'a.txt', mode: 0o755, text: '\ufeffx\n' });
	const gone = [...doc.getMap<Y.Map<unknown>>('files')].find(
		([, node]) => node.get('path') === 'gone.txt',
	)!;
	deleteFile(doc, gone[0]);
	const gathered = await gatherFiles(doc, undefined, kept);
	const blobs = new Map(gathered.blobs.map((blob) => [blob.sha, blob.bytes]));
	const files = await submittedFiles(gathered.files, async (wanted) => blobs.get(wanted));
	expect(files).toEqual([
		{ kind: 'text', path: 'a.txt', mode: 0o755, text: '\ufeffx\n' },
		{ kind: 'text', path: 'b.txt', mode: 0o644, text: 'a\r\nb\r\n' },
	]);
});

it('takes from the document what no sandbox could list', async () => {
	const doc = new Y.Doc();
	createFile(doc, { kind: 'binary', path: 'logo.png', mode: 0o644, size: 4, sha });
	createFile(doc, { kind: 'binary', path: 'lost.png', mode: 0o644, size: 4, sha: 'f'.repeat(64) });
	const { files, left } = await gatherFiles(doc, undefined, kept);
	expect(files).toEqual([{ kind: 'binary', path: 'logo.png', mode: 0o644, size: 4, sha }]);
	expect(left.map((each) => each.path)).toEqual(['lost.png']);
});

it('says what it leaves out: bytes that lie, paths that climb, too much', async () => {
	const drained = {
		drained: true as const,
		files: [
			{ kind: 'link' as const, path: '../etc', target: '/etc' },
			{ ...{ kind: 'binary' as const, path: 'lie', mode: 0o644, size: 4, sha: 'e'.repeat(64) } },
			{ kind: 'binary' as const, path: 'big', mode: 0o644, size: FILE_LIMITS.binary + 1, sha },
			{ kind: 'dir' as const, path: 'Dockerfile', mode: 0o755 },
		],
		left: [{ path: 'socket', reason: 'not a file' }],
	};
	const { files, left } = await gatherFiles(docOf('Dockerfile'), drained, async () => bytes);
	expect(files.map((file) => `${file.kind} ${file.path}`)).toEqual(['text Dockerfile']);
	expect(left.map((each) => each.path)).toEqual(['socket', '../etc', 'lie', 'big']);
});
