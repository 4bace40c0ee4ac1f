// What `npm start` can be told, by environment or by options.

import { resolve } from 'node:path';
import { z } from 'zod';
import { readOptions, type Options } from './options.mjs';
import { Refusal } from './steps.ts';

const port = z.coerce.number().int().min(0).max(65_533);

const Environment = z.object({
	/** Of the web server; sync and runnerd take the two above it. 0: free ones, kept for next time. */
	CONTAINRLAB_PORT: port.default(7400),
	/** Everything that lasts: secrets, database, logs. Default: `.containrlab/` in the checkout. */
	CONTAINRLAB_DATA: z.string().min(1).optional(),
	/** Tells apart what several installations create on one engine. Default: from the data directory. */
	CONTAINRLAB_INSTANCE: z
		.string()
		.regex(/^[a-z0-9][a-z0-9-]{0,30}$/)
		.optional(),
	/** Your own PostgreSQL instead of the embedded one. */
	DATABASE_URL: z.string().min(1).optional(),
	DOCKER_HOST: z.string().min(1).optional(),
});

/** How other devices are let in. */
export interface LanConfig {
	/** Names and addresses that were given; the first is the one to show. */
	hosts: string[];
	tls: TlsConfig;
}

export type TlsConfig =
	{ kind: 'none' } | { kind: 'own' } | { kind: 'given'; certificate: string; key: string };

export interface Config {
	port: number;
	data: string | undefined;
	instance: string | undefined;
	databaseUrl: string | undefined;
	dockerHost: string | undefined;
	dev: boolean;
	/** Undefined: this computer alone. */
	lan: LanConfig | undefined;
}

export function readConfig(env: NodeJS.ProcessEnv, args: string[]): Config {
	const { values, refusal } = readOptions(args, env);
	if (!values) throw new Refusal(refusal);
	const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value));
	if (values.port) present['CONTAINRLAB_PORT'] = values.port;
	const parsed = Environment.safeParse(present);
	if (!parsed.success) throw new Refusal(z.prettifyError(parsed.error));
	return {
		port: parsed.data.CONTAINRLAB_PORT,
		data: parsed.data.CONTAINRLAB_DATA,
		instance: parsed.data.CONTAINRLAB_INSTANCE,
		databaseUrl: parsed.data.DATABASE_URL,
		dockerHost: parsed.data.DOCKER_HOST,
		dev: values.dev,
		lan: values.lan ? { hosts: values.host ?? [], tls: tlsOf(values, env['INIT_CWD']) } : undefined,
	};
}

/** Files are named from where npm was called, which is not where we run. */
function tlsOf(values: Options, from = '.'): TlsConfig {
	const { 'tls-cert': certificate, 'tls-key': key } = values;
	if (certificate && key) {
		return { kind: 'given', certificate: resolve(from, certificate), key: resolve(from, key) };
	}
	return values.tls ? { kind: 'own' } : { kind: 'none' };
}
