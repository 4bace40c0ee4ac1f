// runnerd's configuration: one schema over its environment, read once by main.ts.

import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { type EnginePlace, readEnginePlace } from './engine/address.ts';

const listen = z.string().transform((value, context) => {
	const match = /^(.*):(\d{1,5})$/.exec(value);
	if (match) return { host: match[1]!.replace(/^\[|\]$/g, ''), port: Number(match[2]) };
	context.addIssue({ code: 'custom', message: 'must be <address>:<port>' });
	return z.NEVER;
});

const Environment = z.object({
	RUNNERD_LISTEN: listen.prefault('127.0.0.1:7402'),
	/** Durable state; kept across launches. */
	RUNNERD_DATA: z.string().min(1),
	/** Marks all we create on an engine that may serve others too. */
	RUNNERD_INSTANCE: z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/),
	/** As Docker's own command takes them; see engine/address.ts. */
	DOCKER_HOST: z.string().optional(),
	DOCKER_TLS_VERIFY: z.string().optional(),
	DOCKER_CERT_PATH: z.string().optional(),
	SYNC_URL: z.url().default('ws://127.0.0.1:7401'),
	TICKET_PUBLIC_KEY_FILE: z.string().min(1),
	RUNNERD_TOKEN_FILE: z.string().min(1),
	LABS_DIR: z.string().min(1),
	SANDBOX_IMAGE: z.string().min(1),
	/** The published image store; without it every sandbox starts with no images. */
	IMAGES_VOLUME: z.string().min(1).optional(),
	/** The sockets of the mirror; without it a sandbox reaches nothing. */
	MIRROR_VOLUME: z.string().min(1).optional(),
	/** Warm sandboxes: a first start takes one in well under a second; each costs about 50 MB. */
	POOL_SIZE: z.coerce.number().int().min(0).max(20).default(2),
	/** Of sandboxes that ended, kept for their workspace's return; files don't need them. */
	KEPT_VOLUMES: z.coerce.number().int().min(0).default(200),
	/** Bytes; by default a fifth of the engine's disk, less where it is full. */
	KEPT_VOLUMES_BYTES: z.coerce.number().int().min(0).optional(),
	/** Sandboxes at a time, one of them the judges'; else as many as the memory bears. */
	SANDBOXES_MOST: z.coerce.number().int().min(2).max(500).optional(),
	/** Megabytes that sandboxes leave to the services and large builds; else an eighth of the machine. */
	MEMORY_RESERVE: z.coerce.number().int().nonnegative().optional(),
	EXIT_WITH_PARENT: z.stringbool().default(false),
});

export type Config = z.infer<typeof Environment> & {
	engine: EnginePlace;
	/** The bearer token of web. */
	token: string;
	/** PEM (SPKI) of the key that signs tickets. */
	ticketPublicKey: string;
};

export async function readConfig(environment: NodeJS.ProcessEnv): Promise<Config> {
	const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value));
	const parsed = Environment.safeParse(present);
	if (!parsed.success) {
		throw new Error(`runnerd's environment is not complete:\n${z.prettifyError(parsed.error)}`);
	}
	const [token, ticketPublicKey, engine] = await Promise.all([
		readFile(parsed.data.RUNNERD_TOKEN_FILE, 'utf8'),
		readFile(parsed.data.TICKET_PUBLIC_KEY_FILE, 'utf8'),
		readEnginePlace(parsed.data),
	]);
	if (token.trim().length < 16) throw new Error('the token in RUNNERD_TOKEN_FILE is too short');
	return { ...parsed.data, engine, token: token.trim(), ticketPublicKey };
}
