// A disk of its own for an installation, small enough to be filled: a mount where we may mount.

import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SmallDisk {
	dataDir: string;
	/** False where it is a directory like any other, that nobody may fill. */
	isOwn: boolean;
	/** Leaves not one byte. */
	fill(): Promise<void>;
	free(): Promise<void>;
	remove(): Promise<void>;
}

export async function smallDisk(prefix: string): Promise<SmallDisk> {
	const path = await mkdtemp(join(tmpdir(), prefix));
	const mount = ['-t', 'tmpfs', '-o', 'size=600m', 'small', path];
	const isOwn = await run('mount', mount).then(
		() => true,
		() => false,
	);
	// PostgreSQL runs as a user of its own, which has to get through.
	await chmod(path, 0o755);
	const dataDir = join(path, 'data');
	await mkdir(dataDir);
	const filler = join(path, 'filler');
	return {
		dataDir,
		isOwn,
		async fill() {
			const { bavail, bsize } = await statfs(path);
			await run('fallocate', ['-l', String(bavail * bsize), filler]);
			const rest = Buffer.alloc(1024 * 1024);
			await writeFile(filler, rest, { flag: 'a' }).catch((error: NodeJS.ErrnoException) => {
				if (error.code !== 'ENOSPC') throw error;
			});
		},
		free: () => rm(filler, { force: true }),
		async remove() {
			if (isOwn) await run('umount', ['-l', path]);
			await rm(path, { recursive: true, force: true });
		},
	};
}
