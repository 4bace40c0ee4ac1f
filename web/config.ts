// What web is told at its start: environment variables, read and checked once.

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { databaseUrl } from '@containrlab/db/database-url.ts';
import { z } from 'zod';
import type { Certificate } from './src/server/entrance.ts';
import type { Site } from './src/server/origin.ts';
import type { PreviewSite } from './src/server/preview/ways.ts';

const Environment = z.object({
	/** `host:port`; port 0 takes a free one, host `*` every interface. */
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
	/** Names by which browsers reach us, beside addresses and localhost: `a.local,b.example`. */
	WEB_HOSTS: z.string().default(''),
	/** What other devices of the room type; unset when they can't reach us. */
	WEB_LAN_ORIGIN: z.url().optional(),
	/** Both or none: TLS with this certificate and its key, PEM. */
	WEB_TLS_CERT_FILE: z.string().min(1).optional(),
	WEB_TLS_KEY_FILE: z.string().min(1).optional(),
	/** `host:port` of the second listener, for previews that have no name of their own. */
	WEB_PREVIEW_LISTEN: z.string().optional(),
	/** Where browsers reach it, when something in front of us ends TLS. */
	WEB_PREVIEW_ORIGIN: z.url().optional(),
	/** `https://preview.example`: every name below it leads to us, and each preview gets its own. */
	WEB_PREVIEW_BASE: z.url({ protocol: /^https$/ }).optional(),
	/** `1`: pages through Vite, with reloads, instead of the build. */
	WEB_DEV: z.string().optional(),
	/** `1`: end when standard input closes. */
	EXIT_WITH_PARENT: z.string().optional(),
});

export interface Config {
	/** Without a host: every interface. */
	listen: { host: string | undefined; port: number };
	databaseUrl: string;
	syncUrl: string;
	syncToken: string;
	runnerdUrl: string;
	runnerdToken: string;
	/** PEM, PKCS #8. */
	ticketPrivateKey: string;
	labsDir: string;
	site: Site;
	previews: PreviewSite;
	previewListen: { host: string | undefined; port: number } | undefined;
	tls: Certificate | undefined;
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
		...wayIn(data),
		previews: {
			base: data.WEB_PREVIEW_BASE && new URL(data.WEB_PREVIEW_BASE).origin,
			origin: data.WEB_PREVIEW_ORIGIN && new URL(data.WEB_PREVIEW_ORIGIN).origin,
			port: undefined,
		},
		previewListen:
			data.WEB_PREVIEW_LISTEN === undefined
				? undefined
				: listenAddress(data.WEB_PREVIEW_LISTEN, 'WEB_PREVIEW_LISTEN'),
		dev: data.WEB_DEV === '1',
		exitWithParent: data.EXIT_WITH_PARENT === '1',
	};
}

type Told = z.infer<typeof Environment>;

function wayIn(told: Told): Pick<Config, 'site' | 'tls'> {
	const { WEB_ORIGIN, WEB_HOSTS, WEB_LAN_ORIGIN } = told;
	const tls = certificateOf(told);
	const x509 = tls && new X509Certificate(tls.certificate);
	const originOf = (url: string | undefined) => url && new URL(url).origin;
	const names = WEB_HOSTS.split(',').map((name) => name.trim().toLowerCase());
	const site = {
		origin: originOf(WEB_ORIGIN),
		hosts: names.filter((name) => name !== ''),
		lanOrigin: originOf(WEB_LAN_ORIGIN),
		secure: tls !== undefined,
		ownCertificate: x509?.verify(x509.publicKey) ?? false,
	};
	return { site, tls };
}

function certificateOf({ WEB_TLS_CERT_FILE, WEB_TLS_KEY_FILE }: Told): Certificate | undefined {
	if ((WEB_TLS_CERT_FILE === undefined) !== (WEB_TLS_KEY_FILE === undefined)) {
		throw new Error('configuration: WEB_TLS_CERT_FILE and WEB_TLS_KEY_FILE come together');
	}
	if (WEB_TLS_CERT_FILE === undefined || WEB_TLS_KEY_FILE === undefined) return undefined;
	return { certificate: secret(WEB_TLS_CERT_FILE), key: secret(WEB_TLS_KEY_FILE) };
}

function listenAddress(text: string, name = 'WEB_LISTEN'): Config['listen'] {
	const colon = text.lastIndexOf(':');
	const port = Number(text.slice(colon + 1));
	if (colon < 1 || !Number.isInteger(port) || port < 0 || port > 65535) {
		throw new Error(`configuration: ${name} is not host:port: ${text}`);
	}
	const host = text.slice(0, colon).replace(/^\[|\]$/g, '');
	return { host: host === '*' ? undefined : host, port };
}

const secret = (path: string): string => readFileSync(path, 'utf8').trim();
