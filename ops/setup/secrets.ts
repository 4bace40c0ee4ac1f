// Secrets: made once, on the first start, readable by their owner alone.

import { createPublicKey, generateKeyPairSync, randomBytes, randomInt } from 'node:crypto';
import { chmod, link, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Paths of files, except the passwords, which people are shown. */
export interface Secrets {
	ticketPrivateKey: string;
	ticketPublicKey: string;
	syncToken: string;
	runnerdToken: string;
	postgresPassword: string;
	instructorPassword: { path: string; value: string };
	taPassword: { path: string; value: string };
}

/**
 * `mode` of every file. Containers run as users that the machine doesn't know: for them the files are
 * readable by all, in a directory that is closed.
 */
export async function openSecrets(dir: string, mode = 0o600): Promise<Secrets> {
	const ticketPrivateKey = join(dir, 'ticket-private.pem');
	const ticketPublicKey = join(dir, 'ticket-public.pem');
	const privatePem = await once(ticketPrivateKey, mode, () =>
		generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
	);
	await once(ticketPublicKey, mode, () =>
		createPublicKey(privatePem).export({ type: 'spki', format: 'pem' }).toString(),
	);
	const token = () => `${randomBytes(32).toString('base64url')}\n`;
	const tokenFile = async (name: string) => {
		await once(join(dir, name), mode, token);
		return join(dir, name);
	};
	const password = async (name: string) => {
		const path = join(dir, name);
		return { path, value: (await once(path, mode, readablePassword)).trim() };
	};
	return {
		ticketPrivateKey,
		ticketPublicKey,
		syncToken: await tokenFile('sync-token'),
		runnerdToken: await tokenFile('runnerd-token'),
		postgresPassword: await tokenFile('postgres-password'),
		instructorPassword: await password('instructor-password'),
		taPassword: await password('ta-password'),
	};
}

/** The file's content, after making it if it isn't there: complete or absent, never half. */
async function once(path: string, mode: number, make: () => string): Promise<string> {
	const partial = `${path}.${randomBytes(6).toString('hex')}`;
	await writeFile(partial, make(), { mode });
	await link(partial, path).catch((error: NodeJS.ErrnoException) => {
		if (error.code !== 'EEXIST') throw error;
	});
	await unlink(partial);
	await chmod(path, mode);
	return readFile(path, 'utf8');
}

/** To be read off a screen and typed: 16 of 31 signs without look-alikes, 79 bits. */
function readablePassword(): string {
	const signs = 'abcdefghjkmnpqrstuvwxyz23456789';
	const groups = Array.from({ length: 4 }, () =>
		Array.from({ length: 4 }, () => signs[randomInt(signs.length)]).join(''),
	);
	return `${groups.join('-')}\n`;
}
