// Which files a submission holds: text from the document, the rest as the sandbox listed it.

import type * as Y from 'yjs';
import { shaOf, type Blob } from '@containrlab/db/queries/blobs.ts';
import type { AttemptFile } from '@containrlab/db/schema.ts';
import { FILE_LIMITS, pathProblem, PATH_PROBLEM_TEXT } from '@containrlab/protocol/path.ts';
import type { DrainResult, SubmittedFile } from '@containrlab/protocol/sandbox.ts';
import { joinText, liveFiles, type WorkspaceFile } from '@containrlab/protocol/workspace-doc.ts';

export interface Gathered {
	files: AttemptFile[];
	/** What could not be taken, and why. */
	left: { path: string; reason: string }[];
	blobs: Blob[];
}

type Listed = DrainResult['files'][number];

/** `drained` is undefined when no sandbox could be asked: then the document says what it knows. */
export async function gatherFiles(
	doc: Y.Doc,
	drained: DrainResult | undefined,
	bytesOf: (sha: string) => Promise<Uint8Array | undefined>,
): Promise<Gathered> {
	const live = liveFiles(doc);
	const gathered: Gathered = { files: [], left: (drained?.left ?? []).map(inWords), blobs: [] };
	const blobs = new Map<string, Uint8Array>();
	const taken = new Set<string>();
	let binaryTotal = 0;

	/** Whether there is room for one more under this path; if not, it is said. */
	const admits = (path: string, size: number): boolean => {
		const problem = pathProblem(path);
		const reason =
			problem !== undefined
				? PATH_PROBLEM_TEXT[problem]
				: taken.size >= FILE_LIMITS.files
					? `A submission holds at most ${FILE_LIMITS.files} files.`
					: size > FILE_LIMITS.binary || binaryTotal + size > FILE_LIMITS.binaryTotal
						? 'Too large to submit.'
						: undefined;
		if (reason !== undefined) gathered.left.push({ path, reason });
		else taken.add(path);
		return reason === undefined;
	};

	for (const file of live) {
		if (file.kind !== 'text' || !file.text) continue;
		const bytes = new TextEncoder().encode(joinText(file.text.toString(), file.eol, file.bom));
		if (!admits(file.path, bytes.length)) continue;
		const sha = shaOf(bytes);
		blobs.set(sha, bytes);
		const { path, mode } = file;
		gathered.files.push({ kind: 'text', path, mode, size: bytes.length, sha });
	}
	const others = drained?.files ?? live.flatMap(listed);
	for (const file of others) {
		// Text that someone typed over a binary file a moment ago is newer than the list.
		if (taken.has(file.path)) continue;
		if (!admits(file.path, file.kind === 'binary' ? file.size : 0)) continue;
		if (file.kind !== 'binary') {
			gathered.files.push(file);
			continue;
		}
		const bytes = blobs.get(file.sha) ?? (await bytesOf(file.sha));
		if (!bytes || shaOf(bytes) !== file.sha) {
			gathered.left.push({ path: file.path, reason: 'Its content was only in the sandbox.' });
			continue;
		}
		binaryTotal += bytes.length;
		blobs.set(file.sha, bytes);
		const { path, mode, sha } = file;
		gathered.files.push({ kind: 'binary', path, mode, size: bytes.length, sha });
	}
	gathered.files.sort((a, b) => (a.path < b.path ? -1 : 1));
	gathered.blobs = [...blobs].map(([sha, bytes]) => ({ sha, bytes }));
	return gathered;
}

function listed(file: WorkspaceFile): Listed[] {
	const { path, mode } = file;
	if (file.kind === 'dir') return [{ kind: 'dir', path, mode }];
	if (file.kind === 'link' && file.target !== undefined) {
		return [{ kind: 'link', path, target: file.target }];
	}
	if (file.kind === 'binary' && file.sha !== undefined && file.size !== undefined) {
		return [{ kind: 'binary', path, mode, size: file.size, sha: file.sha }];
	}
	return [];
}

/** The files of an attempt as the judge gets them; what was stored must still be there. */
export async function submittedFiles(
	files: readonly AttemptFile[],
	bytesOf: (sha: string) => Promise<Uint8Array | undefined>,
): Promise<SubmittedFile[]> {
	const complete: SubmittedFile[] = [];
	for (const file of files) {
		if (file.kind === 'dir' || file.kind === 'link') {
			complete.push(file);
			continue;
		}
		const bytes = await bytesOf(file.sha);
		if (!bytes) throw new Error(`the bytes of a submitted file are gone: ${file.sha}`);
		const { path, mode } = file;
		complete.push(
			file.kind === 'text'
				? { kind: 'text', path, mode, text: decodeText(bytes) }
				: { kind: 'binary', path, mode, base64: Buffer.from(bytes).toString('base64') },
		);
	}
	return complete;
}

/** A byte order mark is part of the file. */
export const decodeText = (bytes: Uint8Array): string =>
	new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

/** runnerd's reasons, as the attempt says them. */
const LEFT_WORDS: Record<string, string> = {
	'bad-name': 'Its name can’t be shared.',
	'bad-path': 'Its name can’t be shared.',
	'special-file': 'It is a pipe, socket or device.',
	'too-large': 'It is too large to share.',
	'too-many-files': 'The workspace holds all the files it can.',
	occupied: 'Something else of that name is in the sandbox.',
	missing: 'It hadn’t reached the sandbox.',
};

function inWords({ path, reason }: DrainResult['left'][number]): Gathered['left'][number] {
	return { path, reason: LEFT_WORDS[reason] ?? 'It could not be taken.' };
}
