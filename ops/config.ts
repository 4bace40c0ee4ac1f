// What `npm start` can be told, by environment or by `--port`.

import { parseArgs } from 'node:util';
import { z } from 'zod';

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

export interface Config {
	port: number;
	data: string | undefined;
	instance: string | undefined;
	databaseUrl: string | undefined;
	dockerHost: string | undefined;
	dev: boolean;
}

export function readConfig(env: NodeJS.ProcessEnv, args: string[]): Config {
	const { values } = parseArgs({
		args,
		options: { port: { type: 'string' }, dev: { type: 'boolean', default: false } },
	});
	const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value));
	if (values.port) present['CONTAINRLAB_PORT'] = values.port;
	const parsed = Environment.safeParse(present);
	if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
	return {
		port: parsed.data.CONTAINRLAB_PORT,
		data: parsed.data.CONTAINRLAB_DATA,
		instance: parsed.data.CONTAINRLAB_INSTANCE,
		databaseUrl: parsed.data.DATABASE_URL,
		dockerHost: parsed.data.DOCKER_HOST,
		dev: values.dev,
	};
}
