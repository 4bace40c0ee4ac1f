// Where the engine is, from the variables that Docker's own command reads: a local socket, TCP with
// or without TLS, or another machine over ssh.

import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What `Engine` connects to. */
export type EngineAddress =
	| { socketPath: string }
	| { protocol: 'http'; host: string; port: number }
	| { protocol: 'https'; host: string; port: number; ca: Buffer; cert: Buffer; key: Buffer };

/** `ssh`: a tunnel makes a socket of it (tunnel.ts). */
export type EnginePlace = EngineAddress | SshPlace;

export type SshPlace = {
	protocol: 'ssh';
	/** `user@host` or `host`, as ssh takes it; its configuration may say the rest. */
	destination: string;
	port: number | undefined;
	/** The engine's socket over there. */
	remoteSocket: string;
};

export const DEFAULT_SOCKET = '/var/run/docker.sock';

/** Docker's own variables. */
export type EngineEnvironment = {
	DOCKER_HOST?: string | undefined;
	/** Anything but empty: TLS, with the certificates of DOCKER_CERT_PATH. */
	DOCKER_TLS_VERIFY?: string | undefined;
	DOCKER_CERT_PATH?: string | undefined;
};

/** Throws, with a sentence for whoever set the variable. */
export async function readEnginePlace(environment: EngineEnvironment): Promise<EnginePlace> {
	const text = environment.DOCKER_HOST || `unix://${DEFAULT_SOCKET}`;
	const url = URL.parse(text);
	const refuse = () =>
		new Error(
			`DOCKER_HOST=${text} can't be read: it must be unix://<path>, tcp://<host>:<port> or ssh://[<user>@]<host>[:<port>]`,
		);
	if (!url) throw refuse();
	if (url.protocol === 'unix:') return { socketPath: decodeURIComponent(url.pathname) };
	if (!url.hostname || url.password || url.search || url.hash) throw refuse();
	const host = url.hostname.replace(/^\[|\]$/g, '');
	const port = url.port === '' ? undefined : Number(url.port);
	if (url.protocol === 'ssh:') return sshPlace(url, host, port) ?? Promise.reject(refuse());
	if (url.protocol !== 'tcp:' && url.protocol !== 'http:' && url.protocol !== 'https:') {
		throw refuse();
	}
	if (url.protocol === 'https:' || environment.DOCKER_TLS_VERIFY) {
		return { protocol: 'https', host, port: port ?? 2376, ...(await certificates(environment)) };
	}
	return { protocol: 'http', host, port: port ?? (url.protocol === 'http:' ? 80 : 2375) };
}

function sshPlace(url: URL, host: string, port: number | undefined): SshPlace | undefined {
	const user = decodeURIComponent(url.username);
	const path = decodeURIComponent(url.pathname);
	// They become arguments of ssh: nothing in them may be taken for an option or a second path.
	if (!/^[\w.-]*$/.test(user) || !/^[\w.:-]+$/.test(host) || /^-/.test(user || host))
		return undefined;
	if (!/^[\w./-]*$/.test(path)) return undefined;
	return {
		protocol: 'ssh',
		destination: user === '' ? host : `${user}@${host}`,
		port,
		remoteSocket: path === '' || path === '/' ? DEFAULT_SOCKET : path,
	};
}

async function certificates({ DOCKER_CERT_PATH }: EngineEnvironment) {
	const directory = DOCKER_CERT_PATH || join(homedir(), '.docker');
	const [ca, cert, key] = await Promise.all(
		['ca.pem', 'cert.pem', 'key.pem'].map((name) => readFile(join(directory, name))),
	).catch((cause: unknown) => {
		throw new Error(
			`TLS to the engine needs ca.pem, cert.pem and key.pem in ${directory} (DOCKER_CERT_PATH)`,
			{ cause },
		);
	});
	return { ca: ca!, cert: cert!, key: key! };
}
