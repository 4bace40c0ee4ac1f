import { shaOf } from '@containrlab/db/queries/blobs.ts';
import type { AttemptFile } from '@containrlab/db/schema.ts';
import { expect, it } from 'vitest';
import {
	changesBetween,
	entriesOfAttempt,
	entriesOfStarter,
	newBudget,
} from './attempt-changes.ts';

const blobs = new Map<string, Uint8Array>();
function file(path: string, content: string | Uint8Array): AttemptFile {
	const kind = typeof content === 'string' ? 'text' : 'binary';
	const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
	const sha = shaOf(bytes);
	blobs.set(sha, bytes);
	return { kind, path, mode: 0o644, size: bytes.length, sha };
}
const entries = (files: AttemptFile[]) =>
	entriesOfAttempt(files, async (sha) => blobs.get(sha), newBudget());

it('names what was added, removed and changed, and nothing else', async () => {
	const starter = entriesOfStarter(
		[
			{ kind: 'text', path: 'same', mode: 0o644, text: 'x\n' },
			{ kind: 'text', path: 'app.py', mode: 0o644, text: 'old\n' },
			{ kind: 'binary', path: 'logo.png', mode: 0o644, base64: 'AAEC' },
			{ kind: 'text', path: 'gone', mode: 0o644, text: 'bye' },
		],
		newBudget(),
	);
	const changes = await changesBetween(
		starter,
		entries([
			file('same', 'x\n'),
			file('app.py', 'new\n'),
			file('logo.png', new Uint8Array([0, 1, 2, 3])),
			{ kind: 'link', path: 'latest', target: 'app.py' },
			{ kind: 'dir', path: 'empty', mode: 0o755 },
		]),
	);
	expect(changes).toEqual([
		{
			...{ path: 'app.py', before: { kind: 'text', text: 'old\n' } },
			after: { kind: 'text', text: 'new\n' },
		},
		{ path: 'gone', before: { kind: 'text', text: 'bye' }, after: null },
		{ path: 'latest', before: null, after: { kind: 'link', target: 'app.py' } },
		{
			...{ path: 'logo.png', before: { kind: 'binary', size: 3 } },
			after: { kind: 'binary', size: 4 },
		},
	]);
});

it('tells a large file by its size, and stops when there is much of it', async () => {
	const many = Array.from({ length: 12 }, (_, n) =>
		file(`${n}`.padStart(2, '0'), `${n}`.repeat(100_000)),
	);
	const changes = await changesBetween([], entries([file('large', 'z'.repeat(200_000)), ...many]));
	const kinds = changes.map((change) => change.after?.kind);
	expect(changes.at(-1)).toMatchObject({ path: 'large', after: { kind: 'long', size: 200_000 } });
	expect(kinds.filter((kind) => kind === 'text').length).toBeLessThan(11);
	expect(kinds.filter((kind) => kind === 'text').length).toBeGreaterThan(3);
});
