// The processes of a container, as the sandbox sees them: whose they are, what memory they hold, and how
// to hold them still.

import { z } from 'zod';
import { InfrastructureError, type Sandbox } from './sandbox.ts';
import { plain } from './text.ts';

const Process = z.object({
	pid: z.number().int(),
	/** As in the container: 0 is root. */
	uid: z.number().int(),
	/** What they share is counted once, in parts. */
	bytes: z.number(),
	command: z.string().transform(plain),
});
export type Process = z.infer<typeof Process>;

/** Of one container; a sandbox can't have more. */
const LIMIT = 8192;
const TIMEOUT_MS = 30_000;

// Those of a container share its first process's namespace of process ids. Only what descends from that
// one is the app's: a health check that runs meanwhile has a parent outside. A process that ends while
// it is looked at is none.
const PROGRAM = `
import json, os, signal, sys
main, mode = int(sys.argv[1]), sys.argv[2]

def read(pid, name):
    with open(f'/proc/{pid}/{name}', 'rb') as file:
        return file.read(65536).decode(errors='replace')

def fields(text):
    return {line.split(':')[0]: line.split(':')[1].split() for line in text.splitlines() if ':' in line}

def space(pid):
    try:
        return os.readlink(f'/proc/{pid}/ns/pid')
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None

own = space(main)
found = {}
for pid in map(int, filter(str.isdigit, os.listdir('/proc'))):
    try:
        if own is None or space(pid) != own:
            continue
        status = fields(read(pid, 'status'))
        if status['State'][0] == 'Z':
            continue
        memory = fields(read(pid, 'smaps_rollup'))
        found[pid] = {
            'pid': pid,
            'uid': int(status['Uid'][1]),
            'parent': int(status['PPid'][0]),
            'bytes': int(memory['Pss'][0]) * 1024,
            'command': ' '.join(read(pid, 'cmdline')[:500].split('\\0')).strip() or status['Name'][0],
        }
    except (FileNotFoundError, ProcessLookupError):
        pass

def app(pid):
    while pid in found and pid != main:
        pid = found[pid]['parent']
    return pid == main

mine = [one for pid, one in sorted(found.items()) if app(pid)][:${LIMIT}]
if mode == 'freeze':
    for one in mine:
        try:
            os.kill(one['pid'], signal.SIGSTOP)
        except ProcessLookupError:
            pass
json.dump(mine, sys.stdout)
`;

/** None, when it ended. */
export async function measureProcesses(
	sandbox: Sandbox,
	pid: number,
	signal?: AbortSignal,
): Promise<Process[]> {
	return run(sandbox, pid, 'look', signal);
}

export async function freeze(sandbox: Sandbox, pid: number, signal?: AbortSignal): Promise<void> {
	await run(sandbox, pid, 'freeze', signal);
}

async function run(
	sandbox: Sandbox,
	pid: number,
	mode: 'look' | 'freeze',
	signal: AbortSignal | undefined,
): Promise<Process[]> {
	const { stdout, stderr } = await sandbox.exec(
		['python3', '-I', '-c', PROGRAM, String(pid), mode],
		{ timeoutMs: TIMEOUT_MS, maxOutput: 8 * 1024 * 1024, ...(signal && { signal }) },
	);
	try {
		return z.array(Process).parse(JSON.parse(stdout));
	} catch (cause) {
		throw new InfrastructureError('processes-not-read', stderr.slice(-2000), { cause });
	}
}
