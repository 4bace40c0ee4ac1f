// A submission's files as one tar archive that unpacks under /workspace and nowhere else.

import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { pathProblem } from '@containrlab/protocol/path.ts';
import type { SubmittedFile } from '@containrlab/protocol/sandbox.ts';

/** Directories come first and links last, so that nothing is ever written through a link. */
const ORDER = { dir: 0, text: 1, binary: 1, link: 2 } as const;

/** Throws, before anything is packed, at a path that isn't plainly inside the workspace. */
export async function packFiles(files: readonly SubmittedFile[]): Promise<Buffer> {
	checkPaths(files);
	const archive = pack();
	const bytes = buffer(archive);
	for (const file of files.toSorted((a, b) => ORDER[a.kind] - ORDER[b.kind])) {
		if (file.kind === 'dir') {
			archive.entry({ name: file.path, type: 'directory', mode: file.mode & 0o777 });
		} else if (file.kind === 'link') {
			archive.entry({ name: file.path, type: 'symlink', linkname: file.target });
		} else {
			const content = Buffer.from(
				file.kind === 'text' ? file.text : file.base64,
				file.kind === 'text' ? 'utf8' : 'base64',
			);
			archive.entry({ name: file.path, mode: file.mode & 0o777 }, content);
		}
	}
	archive.finalize();
	return bytes;
}

function checkPaths(files: readonly SubmittedFile[]): void {
	const links = new Set(files.filter((file) => file.kind === 'link').map((file) => file.path));
	for (const { path } of files) {
		const problem = pathProblem(path);
		// Never synced, but a check may plant them.
		if (problem && problem !== 'never-synced') {
			throw new RangeError(`unsafe path (${problem}): ${JSON.stringify(path)}`);
		}
		for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
			if (links.has(path.slice(0, at))) {
				throw new RangeError(`a path below a link: ${JSON.stringify(path)}`);
			}
		}
	}
}
