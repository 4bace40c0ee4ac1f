// Files as a zip, written while it is read: one file's bytes are in memory at a time.

import { Readable } from 'node:stream';
import yazl from 'yazl';
import { FILE_LIMITS, pathProblem, PATH_PROBLEM_TEXT } from '@containrlab/protocol/path.ts';
import type { AttemptFile } from '@containrlab/db/schema.ts';

/** Kept by its hash, or at hand. */
export type ZipFile =
	AttemptFile | { kind: 'inline'; path: string; mode: number; bytes: () => Uint8Array };

export interface Zipped {
	/** The directory that all of it unpacks into. */
	root: string;
	files: readonly ZipFile[];
	/** What can't be in it, and why. */
	left: { path: string; reason: string }[];
	at: Date;
	bytesOf: (sha: string) => Promise<Uint8Array | undefined>;
}

/** Unpacked; a document may name one large file under two thousand names. */
const UNPACKED_MOST = FILE_LIMITS.kept;

const TYPE = { file: 0o100000, dir: 0o040000, link: 0o120000 } as const;

export function zipStream({ root, files, left, at, bytesOf }: Zipped): ReadableStream<Uint8Array> {
	const zip = new yazl.ZipFile();
	const missing = [...left];
	let total = 0;
	let count = 0;
	const admits = (path: string, size: number): boolean => {
		const problem = pathProblem(path);
		const reason =
			problem !== undefined
				? PATH_PROBLEM_TEXT[problem]
				: count >= FILE_LIMITS.files
					? `Only ${FILE_LIMITS.files} files fit in.`
					: total + size > UNPACKED_MOST
						? 'There was no room left for it.'
						: undefined;
		if (reason !== undefined) {
			missing.push({ path, reason });
			return false;
		}
		total += size;
		count += 1;
		return true;
	};
	for (const file of files) {
		const name = `${root}/${file.path}`;
		const size = 'size' in file ? file.size : 0;
		if (!admits(file.path, size)) continue;
		if (file.kind === 'dir') {
			zip.addEmptyDirectory(name, { mtime: at, mode: TYPE.dir | file.mode });
		} else if (file.kind === 'link') {
			const options = { mtime: at, mode: TYPE.link | 0o777, compress: false };
			zip.addBuffer(Buffer.from(file.target), name, options);
		} else {
			const read = async () => (file.kind === 'inline' ? file.bytes() : bytesOf(file.sha));
			zip.addReadStreamLazy(name, { mtime: at, mode: TYPE.file | file.mode }, (answer) => {
				read().then(
					(bytes) => {
						if (bytes) return answer(null, Readable.from([Buffer.from(bytes)]));
						answer(new Error(`the bytes of a file are gone: ${file.path}`), Readable.from([]));
					},
					(cause: unknown) => answer(cause, Readable.from([])),
				);
			});
		}
	}
	if (missing.length > 0) {
		zip.addBuffer(Buffer.from(notIncluded(missing)), `${root}-not-included.txt`, { mtime: at });
	}
	const output = zip.outputStream as Readable;
	// A file that can't be read breaks the download off: half an archive must not pass for one.
	zip.on('error', (cause: Error) => output.destroy(cause));
	zip.end();
	return Readable.toWeb(output) as ReadableStream<Uint8Array>;
}

const notIncluded = (left: Zipped['left']): string =>
	`These files are not in the archive:\n\n${left
		.map(({ path, reason }) => `${JSON.stringify(path)}: ${reason}`)
		.join('\n')}\n`;
