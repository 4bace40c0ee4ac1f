// How much of the machine's memory a process holds, and how much of it is taken altogether.

import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { percentile } from './report.ts';

/** Its resident set, in MB. */
export async function residentMegabytes(pid: number): Promise<number> {
	return megabytes(await readFile(`/proc/${pid}/status`, 'utf8'), 'VmRSS');
}

/** What the machine couldn't hand out any more: the median of some looks, in MB. */
export async function machineMegabytes(): Promise<number> {
	const looks: number[] = [];
	for (let look = 0; look < 9; look += 1) {
		const info = await readFile('/proc/meminfo', 'utf8');
		looks.push(megabytes(info, 'MemTotal') - megabytes(info, 'MemAvailable'));
		await delay(250);
	}
	return percentile(looks, 50);
}

function megabytes(text: string, name: string): number {
	const [, kilobytes] = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text) ?? [];
	return (Number(kilobytes) * 1024) / 1e6;
}
