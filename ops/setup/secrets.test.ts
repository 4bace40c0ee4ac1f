// Secrets: made once, closed to others, and of the form that the services import.

import { chmod, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
	importTicketPrivateKey,
	importTicketPublicKey,
	signTicket,
	verifyTicket,
} from '@containrlab/protocol/ticket.ts';
import { openSecrets } from './secrets.ts';

let dir: string;
beforeEach(async () => {
	dir = await mkdtemp(join(tmpdir(), 'containrlab-secrets-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const contents = async () =>
	Object.fromEntries(
		await Promise.all(
			(await readdir(dir)).map(async (name) => [name, await readFile(join(dir, name), 'utf8')]),
		),
	) as Record<string, string>;

test('every file is its owner’s alone, also one that was opened up meanwhile', async () => {
	const secrets = await openSecrets(dir);
	await chmod(secrets.syncToken, 0o644);
	await openSecrets(dir);
	const files = await readdir(dir);
	expect(files).toHaveLength(7);
	for (const name of files) expect((await stat(join(dir, name))).mode & 0o777).toBe(0o600);
});

test('they stay the same, and no two installations share any', async () => {
	await openSecrets(dir);
	const first = await contents();
	await openSecrets(dir);
	expect(await contents()).toEqual(first);
	await rm(dir, { recursive: true });
	dir = await mkdtemp(join(tmpdir(), 'containrlab-secrets-'));
	await openSecrets(dir);
	const other = Object.values(await contents());
	for (const secret of Object.values(first)) expect(other).not.toContain(secret);
});

test('what one key signs the other verifies, even when only the private one was kept', async () => {
	const { ticketPublicKey } = await openSecrets(dir);
	await rm(ticketPublicKey);
	const secrets = await openSecrets(dir);
	const now = Math.floor(Date.now() / 1000);
	const ticket = await signTicket(
		await importTicketPrivateKey(await readFile(secrets.ticketPrivateKey, 'utf8')),
		{
			aud: 'sync',
			user: { id: 'someone', name: 'Someone', role: 'student' },
			resource: 'workspace:aaaaaaaa',
			access: 'read',
			iat: now,
			exp: now + 60,
			jti: 'aaaaaaaa',
		},
	);
	const key = await importTicketPublicKey(await readFile(secrets.ticketPublicKey, 'utf8'));
	expect(await verifyTicket(key, ticket, 'sync')).toMatchObject({ ok: true });
});

test('two first starts at once agree', async () => {
	const [one, two] = await Promise.all([openSecrets(dir), openSecrets(dir)]);
	expect(one.instructorPassword).toEqual(two.instructorPassword);
	expect(await readdir(dir)).toHaveLength(7);
});
