// How much of the machine's memory a process holds.

import { readFile } from 'node:fs/promises';

/** Its resident set, in MB. */
export async function residentMegabytes(pid: number): Promise<number> {
	const status = await readFile(`/proc/${pid}/status`, 'utf8');
	const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
	return (Number(kilobytes) * 1024) / 1e6;
}
