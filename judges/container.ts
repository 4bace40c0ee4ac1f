// Starts a container of the judged image, and tells what became of it and where it listens.

import { z } from 'zod';
import { IMAGE } from './build.ts';
import { InfrastructureError, type Sandbox } from './sandbox.ts';
import { plain } from './text.ts';

/** One listening TCP socket inside the container. */
export interface Listener {
	port: number;
	/** Reachable only from inside the container. */
	loopback: boolean;
}

export type Started =
	/** `docker run` itself was refused: the command can't be started, say. */
	| { status: 'refused'; message: string }
	| {
			status: 'running';
			pid: number;
			/** In the sandbox's own network; empty without one. */
			address: string;
			startedAt: number;
			listeners: Listener[];
	  }
	| { status: 'exited'; exitCode: number; outOfMemory: boolean; output: string };

export type ContainerEnd =
	Extract<Started, { status: 'exited' }> | { status: 'running'; output: string };

/** Beyond the time that a command is given for its own work. */
export const TIMEOUT_MS = 90_000;

// Polls the process and its sockets rather than the daemon: each question to it costs 50 ms. The app
// that starts meanwhile has the same core, so a round begins two processes and no more.
const WAIT = `
about() { docker inspect --format '{{.State.Pid}} {{.NetworkSettings.IPAddress}}' $1; }
observe() {
	set -- $1 $2 $3 $(about $1) || exit 65
	pid=$4 rounds=$(($2 / 40)) hex=$3
	[ $hex = - ] && hex=
	while [ -d /proc/$pid ] && [ $pid != 0 ] && [ $rounds -gt 0 ]; do
		[ -n "$hex" ] && grep -qs ":$hex [0-9A-F]*:0000 0A " /proc/$pid/net/tcp /proc/$pid/net/tcp6 && break
		sleep 0.04
		rounds=$((rounds - 1))
	done
	if [ $pid != 0 ] && [ -d /proc/$pid ]; then
		echo "running $pid \${5:-}"
		cat /proc/$pid/net/tcp /proc/$pid/net/tcp6 2>/dev/null
	else
		echo exited
	fi
}
`;
const RUN = `${WAIT}
name=$1 stay=$2 hex=$3
shift 3
docker run --detach --name $name --log-driver json-file --log-opt max-size=1m --log-opt max-file=2 "$@" ${IMAGE} >/dev/null || exit 64
observe $name $stay $hex
exit 0
`;
const AGAIN = `${WAIT}
name=$1 stay=$2 hex=$3
docker kill $name >/dev/null 2>&1
timeout 30 docker wait $name >/dev/null
docker start $name >/dev/null || exit 64
observe $name $stay $hex
exit 0
`;

// The daemon learns of an end a little after the process is gone: its output must be stored first.
const END = `
name=$1
[ $2 != 0 ] && [ -d /proc/$2 ] || timeout 30 docker wait $name >/dev/null
docker inspect --format '{{json .State}}' $name || exit 65
docker logs --tail 200 $name 2>&1 | tail -c 16384
exit 0
`;

export interface StartOptions {
	name: string;
	/** For `docker run`. */
	flags: readonly string[];
	stayUpMs: number;
	/** The wait ends early when the container listens here. */
	port: number | undefined;
	now: () => number;
	signal?: AbortSignal;
}

export const startContainer = (sandbox: Sandbox, options: StartOptions): Promise<Started> =>
	observe(sandbox, options, RUN);

/** Ended by force, like a machine that loses its power, and started anew. */
export const startAgain = (
	sandbox: Sandbox,
	options: Omit<StartOptions, 'flags'>,
): Promise<Started> => observe(sandbox, { ...options, flags: [] }, AGAIN);

async function observe(sandbox: Sandbox, options: StartOptions, script: string): Promise<Started> {
	const { name, flags, stayUpMs, port, signal } = options;
	const hex = port === undefined ? '-' : hexPort(port);
	const startedAt = options.now();
	const outcome = await sandbox.exec(
		['sh', '-c', script, 'start', name, String(stayUpMs), hex, ...flags],
		{ timeoutMs: stayUpMs + TIMEOUT_MS, ...(signal && { signal }) },
	);
	if (outcome.exitCode === 64) return refused(outcome.stderr);
	const [first = '', ...rest] = outcome.stdout.split('\n');
	const [, pid, address = ''] = /^running (\d+) (\S*)$/.exec(first) ?? [];
	if (pid) {
		const listeners = readListeners(rest.join('\n'));
		return { status: 'running', pid: Number(pid), address, startedAt, listeners };
	}
	if (outcome.exitCode !== 0 || first !== 'exited') {
		throw new InfrastructureError('container-not-observed', outcome.stderr.slice(-2000));
	}
	const end = await containerEnd(sandbox, { name, pid: 0, ...(signal && { signal }) });
	if (end.status === 'running') {
		throw new InfrastructureError('container-not-observed', 'its process vanished but it runs');
	}
	return end;
}

/** The container's state and the end of its output, as they are now. */
export async function containerEnd(
	sandbox: Sandbox,
	{ name, pid, signal }: { name: string; pid: number; signal?: AbortSignal },
): Promise<ContainerEnd> {
	const outcome = await sandbox.exec(['sh', '-c', END, 'end', name, String(pid)], {
		timeoutMs: TIMEOUT_MS,
		...(signal && { signal }),
	});
	return readEnd(outcome.stdout, outcome.stderr);
}

/** A line of `docker inspect`, and the output below it. */
export function readEnd(stdout: string, stderr: string): ContainerEnd {
	const newline = stdout.indexOf('\n');
	const output = plain(stdout.slice(newline + 1));
	const state = readState(stdout.slice(0, newline), stderr);
	if (state.Running) return { status: 'running', output };
	return { status: 'exited', exitCode: state.ExitCode, outOfMemory: state.OOMKilled, output };
}

const State = z.object({ Running: z.boolean(), ExitCode: z.number(), OOMKilled: z.boolean() });

function readState(json: string, stderr: string): z.infer<typeof State> {
	try {
		return State.parse(JSON.parse(json));
	} catch (cause) {
		throw new InfrastructureError('container-not-observed', stderr.slice(-2000), { cause });
	}
}

/**
 * What Docker and its runtime say of an image whose command, user, folder or volume can't be had. All
 * else that the runtime says is about the machine, which must never look like the student's failure.
 */
const OWN_FAULT =
	/exec: "|exec format error|no command specified|unable to find (user|group)|no matching entries in|must be in range|to cwd|not a directory|\binvalid\b/i;

/** `docker run` started nothing; throws where that isn't the student's doing. */
export function refused(stderr: string): Started {
	const message = plain(stderr)
		.replace(/^docker: Error response from daemon: /m, '')
		.replace(/\n*Run 'docker run --help'.*$/s, '')
		.trim();
	if (OWN_FAULT.test(message)) return { status: 'refused', message };
	throw new InfrastructureError('container-not-created', message);
}

/** None, when it ended. */
export async function listenersOf(
	sandbox: Sandbox,
	pid: number,
	signal?: AbortSignal,
): Promise<Listener[]> {
	const { stdout } = await sandbox.exec(['cat', `/proc/${pid}/net/tcp`, `/proc/${pid}/net/tcp6`], {
		timeoutMs: TIMEOUT_MS,
		...(signal && { signal }),
	});
	return readListeners(stdout);
}

/** As /proc/net/tcp writes it. */
export const hexPort = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');

/** Reads /proc/net/tcp and tcp6: local address and port in hexadecimal, state 0A is LISTEN. */
export function readListeners(table: string): Listener[] {
	const found = new Map<number, Listener>();
	for (const row of table.matchAll(/^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:0000 0A /gm)) {
		const port = parseInt(row[2] ?? '', 16);
		const loopback = isLoopback(row[1] ?? '') && (found.get(port)?.loopback ?? true);
		found.set(port, { port, loopback });
	}
	return [...found.values()].sort((a, b) => a.port - b.port);
}

/** Each 32-bit word is written in the machine's byte order, little-endian here. */
function isLoopback(hex: string): boolean {
	if (hex.length === 8) return hex.endsWith('7F');
	return hex === '00000000000000000000000001000000' || /^0{16}FFFF0000.{6}7F$/.test(hex);
}
