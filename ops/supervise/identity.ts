// Processes by more than their number: a pid is given again, the pair of pid and start time is not.

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** In clock ticks since the machine's start; undefined when the process is gone, or a zombie. */
export function startTime(pid: number): string | undefined {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
		// The name, in parentheses, may hold anything: count from its end.
		const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
		return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
	} catch {
		return undefined;
	}
}

/** A full disk forgets it rather than end us: services end with their supervisor anyway. */
export function rememberPid(dir: string, name: string, pid: number): void {
	try {
		writeFileSync(join(dir, `${name}.pid`), `${pid} ${startTime(pid) ?? ''}\n`, { mode: 0o600 });
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
	}
}

/** The process that was remembered under this name, if it still is that process. */
export function rememberedPid(dir: string, name: string): number | undefined {
	try {
		const [pid, started] = readFileSync(join(dir, `${name}.pid`), 'utf8')
			.trim()
			.split(' ');
		const alive = startTime(Number(pid));
		return alive !== undefined && alive === started ? Number(pid) : undefined;
	} catch {
		return undefined;
	}
}

/** Ends what an earlier supervisor left behind; strangers who got the same number are left alone. */
export async function endLeftovers(dir: string, except: string): Promise<string[]> {
	const ended: string[] = [];
	for (const file of readdirSync(dir)) {
		const name = /^(.+)\.pid$/.exec(file)?.[1];
		if (!name || name === except) continue;
		const pid = rememberedPid(dir, name);
		if (pid !== undefined) {
			await end(pid, () => rememberedPid(dir, name) === pid);
			ended.push(name);
		}
		rmSync(join(dir, file), { force: true });
	}
	return ended;
}

async function end(pid: number, alive: () => boolean): Promise<void> {
	for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
		try {
			process.kill(pid, signal);
		} catch {
			return;
		}
		for (let waited = 0; waited < 10_000 && alive(); waited += 50) await delay(50);
		if (!alive()) return;
	}
}
