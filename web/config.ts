// What web is told at its start: environment variables, read and checked once.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { databaseUrl } from '@containrlab/db/database-url.ts';
import { z } from 'zod';

const Environment = z.object({
	/** `host:port`; port 0 takes a free one. */
	WEB_LISTEN: z.string().default('127.0.0.1:7400'),
	DATABASE_URL: z.string().min(1),
	/** Holds the password where the address has none. */
	DATABASE_PASSWORD_FILE: z.string().min(1).optional(),
	SYNC_URL: z.url().default('http://127.0.0.1:7401'),
	SYNC_TOKEN_FILE: z.string().min(1),
	RUNNERD_URL: z.url().default('http://127.0.0.1:7402'),
	RUNNERD_TOKEN_FILE: z.string().min(1),
	TICKET_PRIVATE_KEY_FILE: z.string().min(1),
	LABS_DIR: z.string().default(fileURLToPath(new URL('../labs', import.meta.url))),
	/** Where browsers think we are, when something in front of us ends TLS. */
	WEB_ORIGIN: z.url().optional(),
	/** `1`: pages through Vite, with reloads, instead of the build. */
	WEB_DEV: z.string().optional(),
	/** `1`: end when standard input closes. */
	EXIT_WITH_PARENT: z.string().optional(),
});

export interface Config {
	listen: { host: string; port: number };
	databaseUrl: string;
	syncUrl: string;
	syncToken: string;
	runnerdUrl: string;
	runnerdToken: string;
	/** PEM, PKCS #8. */
	ticketPrivateKey: string;
	labsDir: string;
	/** `scheme://host[:port]` without a path. */
	origin: string | undefined;
	dev: boolean;
	exitWithParent: boolean;
}

export function readConfig(env: NodeJS.ProcessEnv): Config {
	const parsed = Environment.safeParse(
		Object.fromEntries(Object.entries(env).filter(([, value]) => value)),
	);
	if (!parsed.success) throw new Error(`configuration: ${z.prettifyError(parsed.error)}`);
	const { data } = parsed;
	return {
		listen: listenAddress(data.WEB_LISTEN),
		databaseUrl: databaseUrl(data.DATABASE_URL, data.DATABASE_PASSWORD_FILE),
		syncUrl: data.SYNC_URL,
		syncToken: secret(data.SYNC_TOKEN_FILE),
		runnerdUrl: data.RUNNERD_URL,
		runnerdToken: secret(data.RUNNERD_TOKEN_FILE),
		ticketPrivateKey: secret(data.TICKET_PRIVATE_KEY_FILE),
		labsDir: data.LABS_DIR,
		origin: data.WEB_ORIGIN && new URL(data.WEB_ORIGIN).origin,
		dev: data.WEB_DEV === '1',
		exitWithParent: data.EXIT_WITH_PARENT === '1',
	};
}

function listenAddress(text: string): { host: string; port: number } {
	const colon = text.lastIndexOf(':');
	const port = Number(text.slice(colon + 1));
	if (colon < 1 || !Number.isInteger(port) || port < 0 || port > 65535) {
		throw new Error(`configuration: WEB_LISTEN is not host:port: ${text}`);
	}
	return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port };
}

const secret = (path: string): string => readFileSync(path, 'utf8').trim();
