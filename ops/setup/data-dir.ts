// The one directory with everything that lasts.

import { createHash } from 'node:crypto';
import { access, chmod, constants, mkdir, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Refusal } from '../steps.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

export interface DataDir {
	path: string;
	/** Why it isn't where it was wanted. */
	note: string | undefined;
	in(name: string): string;
}

/** `chosen`, or `.containrlab/` in the checkout, or beside the user's own data where that fails. */
export async function openDataDir(chosen: string | undefined): Promise<DataDir> {
	const wanted = chosen ? resolve(chosen) : join(ROOT, '.containrlab');
	const problem = await prepare(wanted);
	if (!problem) return describe(wanted, undefined);
	if (chosen) throw new Refusal(`CONTAINRLAB_DATA=${chosen} can't be used: ${problem}`);
	const other = join(homedir(), '.local', 'share', `containrlab-${shortHash(ROOT)}`);
	const otherProblem = await prepare(other);
	if (otherProblem) {
		throw new Refusal(
			`Neither ${wanted} (${problem}) nor ${other} (${otherProblem}) can hold the data. ` +
				'Set CONTAINRLAB_DATA to a directory that can.',
		);
	}
	return describe(other, `${wanted} can't be used (${problem})`);
}

async function describe(path: string, note: string | undefined): Promise<DataDir> {
	const real = await realpath(path);
	return { path: real, note, in: (name) => join(real, name) };
}

/** Passable by the database's user; what is secret inside is closed by itself. */
async function prepare(path: string): Promise<string | undefined> {
	try {
		await mkdir(path, { recursive: true, mode: 0o711 });
		await access(path, constants.W_OK | constants.X_OK);
		const { mode, uid } = await stat(path);
		if (uid === process.getuid?.()) await chmod(path, (mode & 0o777) | 0o111);
		for (const name of ['secrets', 'log', 'run', 'runnerd']) {
			await mkdir(join(path, name), { recursive: true, mode: 0o700 });
		}
		return undefined;
	} catch (error) {
		return (error as Error).message;
	}
}

export const shortHash = (text: string): string =>
	createHash('sha256').update(text).digest('hex').slice(0, 8);
