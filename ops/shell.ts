// Programs of the machine, run to their end, with root's rights where they are to be had.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface RunOptions {
	env?: Record<string, string>;
	timeoutMs?: number;
	cwd?: string;
}

/** Standard output of a program that must succeed; its last words are in the error otherwise. */
export async function output(
	[program = '', ...args]: readonly string[],
	{ env = {}, timeoutMs = 30_000, cwd }: RunOptions = {},
): Promise<string> {
	try {
		const { stdout } = await run(program, args, {
			env: { ...process.env, LC_ALL: 'C', ...env },
			timeout: timeoutMs,
			cwd,
			maxBuffer: 64 * 1024 * 1024,
		});
		return stdout;
	} catch (cause) {
		const said = (cause as { stderr?: string }).stderr?.trim().slice(-2000);
		throw new Error(`${program} ${args.join(' ')} failed${said ? `:\n${said}` : ''}`, { cause });
	}
}

export async function available(program: string): Promise<boolean> {
	return output(['sh', '-c', 'command -v "$1"', 'sh', program]).then(
		() => true,
		() => false,
	);
}

/** Whether `asRoot` can work without asking anyone for a password. */
export async function canBeRoot(): Promise<boolean> {
	if (process.getuid?.() === 0) return true;
	return output(['sudo', '-n', 'true']).then(
		() => true,
		() => false,
	);
}

/** The command as root runs it: as it is, or through sudo. */
export async function asRoot(command: string[]): Promise<string[]> {
	if (process.getuid?.() === 0) return command;
	if (await canBeRoot()) return ['sudo', '-n', '--preserve-env=DEBIAN_FRONTEND', ...command];
	throw new Error(`This needs root: sudo ${command.join(' ')}`);
}
