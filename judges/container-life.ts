// Stops a container as Docker does, and reads what its health check says.

import { z } from 'zod';
import { type ContainerEnd, hexPort, readEnd, TIMEOUT_MS } from './container.ts';
import { curlWords } from './request.ts';
import { InfrastructureError, type Sandbox } from './sandbox.ts';
import { plain } from './text.ts';

export interface StopOptions {
	/** Milliseconds between the request to stop and the kill. */
	graceMs: number;
	/** A request that is under way meanwhile. */
	during?: { port: number; path: string } | undefined;
}

export interface Stopped {
	end: Extract<ContainerEnd, { status: 'exited' }>;
	tookMs: number;
	/** It didn't end by itself. */
	killed: boolean;
	/** The status of the request that was under way; 0 without an answer. */
	answered: number | undefined;
}

// A request is under way when its bytes have left the kernel for the app: an established connection to
// this port with nothing waiting to be read.
const SCRIPT = `
name=$1 grace=$2 pid=$3 hex=$4
shift 4
dir=$(mktemp -d) || exit 70
if [ $# -gt 0 ]; then
	curl --silent --noproxy '*' --max-time $((grace + 10)) --output /dev/null --write-out '%{http_code}' "$@" > "$dir/code" 2>/dev/null &
	asked=$!
	rounds=400
	until grep -qs "^ *[0-9]*: [0-9A-F]*:$hex [0-9A-F]*:[0-9A-F]* 01 00000000:00000000" /proc/$pid/net/tcp /proc/$pid/net/tcp6 || [ $rounds = 0 ]; do
		sleep 0.04
		rounds=$((rounds - 1))
	done
	sleep 0.2
fi
before=$(date +%s%3N)
docker stop --time $grace "$name" >/dev/null || exit 65
after=$(date +%s%3N)
[ $# = 0 ] || wait $asked
echo "$((after - before)) $(cat "$dir/code" 2>/dev/null)"
rm -rf "$dir"
docker inspect --format '{{json .State}}' "$name" || exit 65
docker logs --tail 200 "$name" 2>&1 | tail -c 16384
exit 0
`;

export async function stop(
	sandbox: Sandbox,
	name: string,
	{ pid, address }: { pid: number; address: string },
	{ graceMs, during }: StopOptions,
	signal?: AbortSignal,
): Promise<Stopped> {
	const grace = Math.ceil(graceMs / 1000);
	const words = during ? curlWords({ method: 'GET', host: address, ...during }) : [];
	const hex = during ? hexPort(during.port) : '-';
	const { stdout, stderr, exitCode } = await sandbox.exec(
		['sh', '-c', SCRIPT, 'stop', name, String(grace), String(pid), hex, ...words],
		{ timeoutMs: graceMs + TIMEOUT_MS, ...(signal && { signal }) },
	);
	if (exitCode !== 0) throw new InfrastructureError('container-not-stopped', stderr.slice(-2000));
	const newline = stdout.indexOf('\n');
	const [, took, code] = /^(\d+) (\d*)$/.exec(stdout.slice(0, newline)) ?? [];
	const end = readEnd(stdout.slice(newline + 1), stderr);
	if (took === undefined || end.status === 'running') {
		throw new InfrastructureError('container-not-stopped', stdout.slice(0, 500));
	}
	const tookMs = Number(took);
	return {
		...{ end, tookMs },
		// By another's hand it ends like this only when the grace is over.
		killed: end.exitCode === 137 && tookMs >= grace * 1000,
		answered: during ? Number(code) : undefined,
	};
}

/** Undefined where the image declares no health check. */
export type Health =
	{ status: 'starting' | 'healthy' | 'unhealthy'; exitCode: number; output: string } | undefined;

const Inspected = z
	.object({
		Status: z.enum(['none', 'starting', 'healthy', 'unhealthy']),
		Log: z.array(z.object({ ExitCode: z.number(), Output: z.string() })).nullish(),
	})
	.nullable();

/** With the exit code and the words of its last try. */
export async function readHealth(
	sandbox: Sandbox,
	name: string,
	signal?: AbortSignal,
): Promise<Health> {
	const { stdout, stderr, exitCode } = await sandbox.exec(
		['docker', 'inspect', '--format', '{{json .State.Health}}', name],
		{ timeoutMs: TIMEOUT_MS, ...(signal && { signal }) },
	);
	if (exitCode !== 0) throw new InfrastructureError('container-not-observed', stderr.slice(-2000));
	const health = Inspected.parse(JSON.parse(stdout));
	if (!health || health.Status === 'none') return undefined;
	const last = health.Log?.at(-1);
	const output = plain(last?.Output ?? '').slice(0, 2000);
	return { status: health.Status, exitCode: last?.ExitCode ?? 0, output };
}
