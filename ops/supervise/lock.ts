// A lock between processes of one machine: a file that names its holder; a dead holder's is free.

import { open, readFile, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { startTime } from './identity.ts';

export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
	while (!(await take(path))) await delay(100);
	try {
		return await work();
	} finally {
		await rm(path, { force: true });
	}
}

async function take(path: string): Promise<boolean> {
	try {
		const file = await open(path, 'wx', 0o600);
		await file.writeFile(`${process.pid} ${startTime(process.pid)}`);
		await file.close();
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
	}
	const [pid, started] = (await readFile(path, 'utf8').catch(() => '')).split(' ');
	// Empty: taken this very moment.
	if (pid && startTime(Number(pid)) !== started) await rm(path, { force: true });
	return false;
}
