// Where uploaded files would go: which can't, which meet a file that is there, and what becomes of it.

import { FILE_LIMITS, pathProblem, PATH_PROBLEM_TEXT } from '@containrlab/protocol/path.ts';
import { bytes as inWords } from '#lib/words.ts';
import type { TreeFile } from '../tree.ts';

/** What to do with files whose names are taken. */
export type ClashAnswer = 'replace' | 'both' | 'skip';

export type Wanted = { path: string; size: number };
type Refused = { path: string; reason: string };

/** `replaces` is the entry whose content gives way. */
export type Placed<T> = T & { replaces?: TreeFile };

export type Plan<T> = {
	/** Nothing is in their way. */
	free: Placed<T>[];
	/** Somebody's file has the name. */
	clashing: Placed<T>[];
	refused: Refused[];
};

type Present = TreeFile & { size?: number | undefined };

/** `folder` is where they were dropped, '' for the top. */
export function planUpload<T extends Wanted>(
	present: readonly Present[],
	wanted: readonly T[],
	folder: string,
): Plan<T> {
	const plan: Plan<T> = { free: [], clashing: [], refused: [] };
	const taken = new Map(present.map((file) => [file.path, file]));
	const folders = foldersOf(present.map((file) => file.path));
	for (const file of present) if (file.kind === 'dir') folders.add(file.path);
	const mine = new Set<string>();
	let count = present.length;
	for (const file of wanted) {
		// Systems differ in how they write the same letters.
		const path = (folder === '' ? file.path : `${folder}/${file.path}`).normalize('NFC');
		const there = taken.get(path);
		const isReplacement = there !== undefined && there.kind !== 'dir';
		const reason =
			refusal(path, file.size) ??
			inTheWay(path, taken, folders) ??
			(mine.has(path) ? 'Two of these have this name.' : undefined) ??
			(!isReplacement && count >= FILE_LIMITS.files
				? `A workspace holds ${FILE_LIMITS.files} files at most.`
				: undefined);
		if (reason !== undefined) {
			plan.refused.push({ path, reason });
			continue;
		}
		mine.add(path);
		if (isReplacement) plan.clashing.push({ ...file, path, replaces: there });
		else {
			count += 1;
			plan.free.push({ ...file, path });
		}
	}
	return plan;
}

function refusal(path: string, size: number): string | undefined {
	const problem = pathProblem(path);
	if (problem) return PATH_PROBLEM_TEXT[problem];
	if (size <= FILE_LIMITS.binary) return undefined;
	return `It has ${inWords(size)}; a file may have ${inWords(FILE_LIMITS.binary)}.`;
}

/** A directory under this name, or a file where it needs a directory. */
function inTheWay(
	path: string,
	taken: ReadonlyMap<string, TreeFile>,
	folders: ReadonlySet<string>,
): string | undefined {
	if (folders.has(path)) return 'There is a folder with this name.';
	const parts = path.split('/');
	for (let n = 1; n < parts.length; n += 1) {
		const above = parts.slice(0, n).join('/');
		const file = taken.get(above);
		if (file && file.kind !== 'dir') return `${above} is a file, so nothing can be inside it.`;
	}
	return undefined;
}

function foldersOf(paths: readonly string[]): Set<string> {
	const folders = new Set<string>();
	for (const path of paths) {
		for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
			folders.add(path.slice(0, at));
		}
	}
	return folders;
}

/** All that will be written, once it is known what becomes of names that are taken. */
export function settle<T extends Wanted>(
	{ free, clashing }: Pick<Plan<T>, 'free' | 'clashing'>,
	answer: ClashAnswer,
	present: readonly TreeFile[],
): Placed<T>[] {
	if (answer === 'skip' || clashing.length === 0) return free;
	if (answer === 'replace') return [...free, ...clashing];
	const paths = [...present, ...free].map((file) => file.path);
	const taken = new Set([...paths, ...foldersOf(paths)]);
	const beside = clashing.map((file) => {
		const path = freeName(file.path, taken);
		taken.add(path);
		const { replaces: _, ...placed } = file;
		return { ...placed, path } as Placed<T>;
	});
	return [...free, ...beside];
}

/** "logo (2).png", as two files that clash are shown, too. */
function freeName(path: string, taken: ReadonlySet<string>): string {
	const slash = path.lastIndexOf('/') + 1;
	const dot = path.indexOf('.', slash + 1);
	const cut = dot === -1 ? path.length : dot;
	for (let n = 2; ; n += 1) {
		const name = `${path.slice(0, cut)} (${n})${path.slice(cut)}`;
		if (!taken.has(name)) return name;
	}
}
