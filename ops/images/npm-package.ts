// A package of the npm registry as its archive, by the machine's own npm with all its settings.

import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { output } from '../shell.ts';

/** Exactly this one: its archive's hash is known. */
export interface NpmPackage {
	name: string;
	version: string;
	/** `sha512-` and the hash in base64, as lock files have it. */
	integrity: string;
}

const FETCH_MS = 300_000;

export async function fetchPackage(wanted: NpmPackage): Promise<Buffer> {
	const dir = await mkdtemp(join(tmpdir(), 'containrlab-npm-'));
	try {
		const what = `${wanted.name}@${wanted.version}`;
		await output(['npm', 'pack', what, '--silent', '--pack-destination', dir], {
			timeoutMs: FETCH_MS,
			cwd: dir,
		});
		const [file = ''] = await readdir(dir);
		const bytes = await readFile(join(dir, file));
		const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
		if (integrity !== wanted.integrity) {
			throw new Error(`The registry's ${what} isn't the one that is meant: ${integrity}`);
		}
		return bytes;
	} finally {
		await rm(dir, { recursive: true, force: true });
	}
}
