// Asks a container over HTTP, from inside the sandbox, and tells an answer from silence.

import { InfrastructureError, type Sandbox } from './sandbox.ts';
import { type Listener, readListeners } from './container.ts';
import { plain } from './text.ts';

export interface Asked {
	method: string;
	port: number;
	path: string;
	/** What is sent along. */
	body?: string | undefined;
	timeoutMs: number;
}

export type Answer =
	| {
			status: 'answered';
			code: number;
			/** By their names in small letters; of a name that comes twice, the last. */
			headers: ReadonlyMap<string, string>;
			body: string;
			listeners: Listener[];
			alive: boolean;
	  }
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
/** Bytes of headers. */
const MAX_HEADERS = 16 * 1024;

// What the app says may be anything: the headers come as one word, the body last.
const SCRIPT = `
pid=$1 time=$2
shift 2
dir=$(mktemp -d) || exit 70
printf %s "$(curl --silent --show-error --noproxy '*' --max-time "$time" --max-filesize ${MAX_BODY} --dump-header "$dir/headers" --output "$dir/body" --write-out '%{http_code}' "$@" 2>"$dir/error")" > "$dir/code"
[ -d /proc/$pid ] && echo alive || echo gone
cat "$dir/code"; echo
head -c 500 "$dir/error" | tr '\\n' ' '; echo
head -c ${MAX_HEADERS} "$dir/headers" 2>/dev/null | base64 -w 0; echo
cat /proc/$pid/net/tcp /proc/$pid/net/tcp6 2>/dev/null
echo ---
[ ! -e "$dir/body" ] || head -c ${MAX_BODY} "$dir/body"
rm -rf "$dir"
exit 0
`;

export async function request(
	sandbox: Sandbox,
	options: Asked & {
		pid: number;
		/** Where the port is looked for: its container's address, or where it is published. */
		host: string;
		signal?: AbortSignal;
	},
): Promise<Answer> {
	const seconds = (options.timeoutMs / 1000).toFixed(2);
	const outcome = await sandbox.exec(
		['sh', '-c', SCRIPT, 'request', String(options.pid), seconds, ...curlWords(options)],
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

/** What `curl` is told of a request. */
export function curlWords({
	method,
	host,
	port,
	path,
	body,
}: Omit<Asked, 'timeoutMs'> & { host: string }): string[] {
	const sent =
		body === undefined ? [] : ['--header', `Content-Type: ${typeOf(body)}`, '--data-raw', body];
	return ['--request', method, ...sent, '--globoff', `http://${host}:${port}${path}`];
}

function typeOf(body: string): string {
	try {
		JSON.parse(body);
		return 'application/json';
	} catch {
		return 'text/plain';
	}
}

export function readAnswer(stdout: string): Answer {
	const [life = '', code = '', detail = '', headers = '', ...rest] = stdout.split('\n');
	const split = rest.indexOf('---');
	const listeners = readListeners(rest.slice(0, split).join('\n'));
	const alive = life === 'alive';
	// An answer that was cut short is one all the same: its status line came.
	if (/^[1-5]\d\d$/.test(code) && !/^curl: \(28\)/.test(detail)) {
		const body = plain(rest.slice(split + 1).join('\n'));
		const read = readHeaders(Buffer.from(headers, 'base64').toString());
		return { status: 'answered', code: Number(code), headers: read, body, listeners, alive };
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

/** Of the last answer: one that only says "go on" may have come before it. */
function readHeaders(text: string): Map<string, string> {
	const last =
		text
			.trimEnd()
			.split(/\r?\n\r?\n/)
			.at(-1) ?? '';
	return new Map(
		[...last.matchAll(/^([^\s:]+):[ \t]*(.*?)[ \t]*\r?$/gm)].map(([, name = '', value = '']) => [
			name.toLowerCase(),
			plain(value),
		]),
	);
}
