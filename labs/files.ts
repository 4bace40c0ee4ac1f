// Reads a lab's folders of files into memory, within bounds and without following links.

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabFile } from '@containrlab/protocol/lab.ts';
import { PATH_PROBLEM_TEXT, pathProblem } from '@containrlab/protocol/path.ts';

export const LAB_LIMITS = {
	/** Entries in one folder of files, directories included. */
	entries: 300,
	/** Bytes of one file. */
	file: 2 * 1024 * 1024,
	/** Bytes of one folder of files. */
	total: 8 * 1024 * 1024,
	/** Bytes of lab.md. */
	text: 256 * 1024,
} as const;

/** A file that can't be part of a lab; `message` says what to do about it. */
export class LabFileProblem extends Error {
	readonly path: string;
	constructor(path: string, message: string) {
		super(message);
		this.path = path;
	}
}

/** All files below `root`, sorted by path; empty when the folder isn't there. */
export async function readLabFiles(root: string): Promise<LabFile[]> {
	const files: LabFile[] = [];
	let entries = 0;
	let total = 0;
	const walk = async (under: string): Promise<void> => {
		for (const entry of await entriesOf(join(root, under))) {
			const path = under === '' ? entry.name : `${under}/${entry.name}`;
			entries += 1;
			if (entries > LAB_LIMITS.entries) {
				throw new LabFileProblem(path, `More than ${LAB_LIMITS.entries} entries: make it smaller.`);
			}
			const problem = pathProblem(path);
			if (problem)
				throw new LabFileProblem(path, `Rename or remove it. ${PATH_PROBLEM_TEXT[problem]}`);
			if (entry.isDirectory()) {
				await walk(path);
			} else if (entry.isFile()) {
				const file = await readLabFile(root, path);
				total += file.size;
				if (total > LAB_LIMITS.total) {
					throw new LabFileProblem(
						path,
						`Together more than ${LAB_LIMITS.total} bytes: make it smaller.`,
					);
				}
				files.push(file.file);
			} else {
				throw new LabFileProblem(
					path,
					'Neither a file nor a folder: replace links by what they point to.',
				);
			}
		}
	};
	await walk('');
	return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Later layers win, path by path: a solution is what a student laid over the starter. */
export function overlay(...layers: readonly LabFile[][]): LabFile[] {
	const byPath = new Map(layers.flat().map((file) => [file.path, file]));
	return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function entriesOf(directory: string) {
	try {
		return await readdir(directory, { withFileTypes: true });
	} catch (cause) {
		if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
		throw cause;
	}
}

async function readLabFile(root: string, path: string): Promise<{ file: LabFile; size: number }> {
	const full = join(root, path);
	const { size, mode: bits } = await stat(full);
	if (size > LAB_LIMITS.file) {
		throw new LabFileProblem(path, `Larger than ${LAB_LIMITS.file} bytes: make it smaller.`);
	}
	const bytes = await readFile(full);
	// As in git, only the executable bit counts: a digest can't depend on somebody's umask.
	const mode = bits & 0o100 ? 0o755 : 0o644;
	const text = asText(bytes);
	const file: LabFile =
		text === undefined
			? { kind: 'binary', path, mode, base64: bytes.toString('base64') }
			: { kind: 'text', path, mode, text };
	return { file, size };
}

/** Undefined for what isn't text: not UTF-8, or with a NUL in it. */
function asText(bytes: Uint8Array): string | undefined {
	if (bytes.includes(0)) return undefined;
	try {
		return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
	} catch {
		return undefined;
	}
}
