// The configuration of the process, read once.

import { readFileSync } from 'node:fs';
import { databaseUrl } from '@containrlab/db/database-url.ts';
import { z } from 'zod';

const Config = z.object({
	/** Loopback, unless something in front of it is trusted with the tickets. */
	SYNC_LISTEN: z
		.string()
		.regex(/^[^\s:]+:\d{1,5}$/)
		.default('127.0.0.1:7401'),
	DATABASE_URL: z.url(),
	/** Holds the password where the address has none. */
	DATABASE_PASSWORD_FILE: z.string().min(1).optional(),
	/** PEM; verifies tickets. */
	TICKET_PUBLIC_KEY_FILE: z.string().min(1),
	/** The bearer token of web and ops. */
	SYNC_TOKEN_FILE: z.string().min(1),
	EXIT_WITH_PARENT: z.enum(['0', '1']).default('0'),
});

export interface Config {
	host: string;
	port: number;
	databaseUrl: string;
	ticketPublicKey: string;
	token: string;
	exitWithParent: boolean;
}

/** Throws with every problem named; a secret's value is never part of the message. */
export function readConfig(env: Record<string, string | undefined>): Config {
	const parsed = Config.parse(env);
	const [host = '', port = ''] = parsed.SYNC_LISTEN.split(':');
	const token = readFileSync(parsed.SYNC_TOKEN_FILE, 'utf8').trim();
	if (token.length < 16) throw new Error('SYNC_TOKEN_FILE holds fewer than 16 characters.');
	return {
		host,
		port: Number(port),
		databaseUrl: databaseUrl(parsed.DATABASE_URL, parsed.DATABASE_PASSWORD_FILE),
		ticketPublicKey: readFileSync(parsed.TICKET_PUBLIC_KEY_FILE, 'utf8'),
		token,
		exitWithParent: parsed.EXIT_WITH_PARENT === '1',
	};
}
