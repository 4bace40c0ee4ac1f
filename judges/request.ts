// Asks the published port over HTTP, from inside the sandbox, and tells an answer from silence.

import { InfrastructureError, type Sandbox } from './sandbox.ts';
import { type Listener, readListeners } from './container.ts';
import { plain } from './text.ts';

export type Answer =
	| { status: 'answered'; code: number; body: string; listeners: Listener[]; alive: boolean }
	| {
			status: 'silent';
			/** `dropped`: connected, then closed without an answer. */
			why: 'refused' | 'dropped' | 'timeout' | 'not-http';
			detail: string;
			listeners: Listener[];
			alive: boolean;
	  };

/** Bytes of a body that are looked at. */
const MAX_BODY = 256 * 1024;

// The body may hold anything, so it comes last.
const SCRIPT = `
pid=$1 time=$2 method=$3 url=$4
dir=$(mktemp -d) || exit 70
printf %s "$(curl --silent --show-error --noproxy '*' --request "$method" --max-time "$time" --max-filesize ${MAX_BODY} --output "$dir/body" --write-out '%{http_code}' "$url" 2>"$dir/error")" > "$dir/code"
[ -d /proc/$pid ] && echo alive || echo gone
cat "$dir/code"; echo
head -c 500 "$dir/error" | tr '\\n' ' '; echo
cat /proc/$pid/net/tcp /proc/$pid/net/tcp6 2>/dev/null
echo ---
[ ! -e "$dir/body" ] || head -c ${MAX_BODY} "$dir/body"
exit 0
`;

export async function request(
	sandbox: Sandbox,
	options: {
		pid: number;
		method: string;
		port: number;
		path: string;
		timeoutMs: number;
		signal?: AbortSignal;
	},
): Promise<Answer> {
	const url = `http://127.0.0.1:${options.port}${options.path}`;
	const seconds = (options.timeoutMs / 1000).toFixed(2);
	const outcome = await sandbox.exec(
		['sh', '-c', SCRIPT, 'request', String(options.pid), seconds, options.method, url],
		{
			timeoutMs: options.timeoutMs + 30_000,
			maxOutput: 2 * MAX_BODY,
			...(options.signal && { signal: options.signal }),
		},
	);
	if (outcome.exitCode !== 0) {
		throw new InfrastructureError('request-not-made', outcome.stderr.slice(-2000));
	}
	return readAnswer(outcome.stdout);
}

export function readAnswer(stdout: string): Answer {
	const [life = '', code = '', detail = '', ...rest] = stdout.split('\n');
	const split = rest.indexOf('---');
	const listeners = readListeners(rest.slice(0, split).join('\n'));
	const alive = life === 'alive';
	// An answer that was cut short is one all the same: its status line came.
	if (/^[1-5]\d\d$/.test(code) && !/^curl: \(28\)/.test(detail)) {
		const body = plain(rest.slice(split + 1).join('\n'));
		return { status: 'answered', code: Number(code), body, listeners, alive };
	}
	const number = /^curl: \((\d+)\)/.exec(detail)?.[1];
	const why =
		number === '7'
			? 'refused'
			: number === '28'
				? 'timeout'
				: number === '1' || number === '8'
					? 'not-http'
					: 'dropped';
	return { status: 'silent', why, detail: plain(detail).trim(), listeners, alive };
}
