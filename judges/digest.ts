// Names the judging code by its content: same snapshot, same lab, same judge, same verdict.

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the words and defaults of declarations are, beside this folder's own sources. */
const PROTOCOL = dirname(
	fileURLToPath(import.meta.resolve('@containrlab/protocol/checks/declaration.ts')),
);

/** SHA-256 over the sources that make a verdict, tests left out, and what they depend on. */
export async function judgeDigest(roots = [import.meta.dirname, PROTOCOL]): Promise<string> {
	const hash = createHash('sha256');
	for (const root of roots) {
		const entries = await readdir(root, { recursive: true, withFileTypes: true });
		const paths = entries
			.filter((entry) => entry.isFile() && !entry.parentPath.includes(join(root, 'node_modules')))
			.map((entry) => join(entry.parentPath, entry.name))
			.filter((path) => /(?<!\.test)\.ts$|package\.json$/.test(path))
			.sort();
		for (const path of paths) {
			const bytes = await readFile(path);
			hash.update(`${path.slice(root.length)} ${bytes.length}\n`).update(bytes);
		}
	}
	return hash.digest('hex');
}
