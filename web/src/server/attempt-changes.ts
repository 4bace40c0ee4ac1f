// What differs between two sets of files: an attempt and its starter, or the attempt before.

import type { AttemptFile } from '@containrlab/db/schema.ts';
import { shaOf } from '@containrlab/db/queries/blobs.ts';
import type { LabFile } from '@containrlab/protocol/lab.ts';
import type { FileChange, FileSide } from '#lib/attempts/changes.ts';
import { decodeText } from './submitted-files.ts';

/** A difference is read, not searched: larger files are told by their sizes. */
const SHOWN = { file: 128 * 1024, total: 1024 * 1024 };

type Entry = {
	path: string;
	/** Equal ones hold the same. */
	identity: string;
	side: () => Promise<FileSide>;
};

export type Budget = { left: number };
export const newBudget = (): Budget => ({ left: SHOWN.total });

export function entriesOfStarter(files: readonly LabFile[], budget: Budget): Entry[] {
	return files.map((file): Entry => {
		const bytes =
			file.kind === 'text'
				? new TextEncoder().encode(file.text)
				: new Uint8Array(Buffer.from(file.base64, 'base64'));
		const { path, kind } = file;
		const side = async () => shown(kind, bytes.length, budget, async () => bytes);
		return { path, identity: shaOf(bytes), side };
	});
}

export function entriesOfAttempt(
	files: readonly AttemptFile[],
	bytesOf: (sha: string) => Promise<Uint8Array | undefined>,
	budget: Budget,
): Entry[] {
	return files.flatMap((file): Entry[] => {
		const { path } = file;
		if (file.kind === 'dir') return [];
		if (file.kind === 'link') {
			const side = async (): Promise<FileSide> => ({ kind: 'link', target: file.target });
			return [{ path, identity: `link:${file.target}`, side }];
		}
		const { kind, size, sha } = file;
		return [{ path, identity: sha, side: () => shown(kind, size, budget, () => bytesOf(sha)) }];
	});
}

/** By path; what is the same on both sides isn't named. */
export async function changesBetween(
	before: readonly Entry[],
	after: readonly Entry[],
): Promise<FileChange[]> {
	const old = new Map(before.map((entry) => [entry.path, entry]));
	const now = new Map(after.map((entry) => [entry.path, entry]));
	const paths = [...new Set([...old.keys(), ...now.keys()])].sort();
	const changes: FileChange[] = [];
	for (const path of paths) {
		const [a, b] = [old.get(path), now.get(path)];
		if (a?.identity === b?.identity) continue;
		changes.push({ path, before: (await a?.side()) ?? null, after: (await b?.side()) ?? null });
	}
	return changes;
}

async function shown(
	kind: 'text' | 'binary',
	size: number,
	budget: Budget,
	bytesOf: () => Promise<Uint8Array | undefined>,
): Promise<FileSide> {
	if (kind === 'binary') return { kind, size };
	if (size > SHOWN.file || size > budget.left) return { kind: 'long', size };
	budget.left -= size;
	const bytes = await bytesOf();
	return bytes ? { kind, text: decodeText(bytes) } : { kind: 'long', size };
}
