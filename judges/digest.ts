// Names the judging code by its content: same snapshot, same lab, same judge, same verdict.

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** SHA-256 over the sources of this folder, tests left out, and what they depend on. */
export async function judgeDigest(root = import.meta.dirname): Promise<string> {
	const entries = await readdir(root, { recursive: true, withFileTypes: true });
	const paths = entries
		.filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
		.map((entry) => join(entry.parentPath, entry.name))
		.filter((path) => /(?<!\.test)\.ts$|package\.json$/.test(path))
		.sort();
	const hash = createHash('sha256');
	for (const path of paths) {
		const bytes = await readFile(path);
		hash.update(`${path.slice(root.length)} ${bytes.length}\n`).update(bytes);
	}
	return hash.digest('hex');
}
