// What a build is made of: the checkout, less what .dockerignore leaves out, as `docker build` sends it.

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import dockerIgnore from '@balena/dockerignore';
import type { ContextFile } from '../images/build.ts';

export async function readCheckout(root: string): Promise<ContextFile[]> {
	// Its types describe an ES module; what Node imports is the function itself.
	const makeRules = dockerIgnore as unknown as typeof dockerIgnore.default;
	const rules = makeRules().add(await readFile(join(root, '.dockerignore'), 'utf8'));
	const files: ContextFile[] = [];
	const read = async (below: string): Promise<void> => {
		const entries = await readdir(join(root, below), { withFileTypes: true });
		for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
			const path = join(below, entry.name);
			if (rules.ignores(path) && path !== 'Dockerfile') continue;
			if (entry.isDirectory()) await read(path);
			else if (entry.isFile()) {
				const executable = ((await stat(join(root, path))).mode & 0o100) !== 0;
				const bytes = await readFile(join(root, path));
				files.push({ path, mode: executable ? 0o755 : 0o644, bytes });
			}
		}
	};
	await read('');
	return files;
}
