import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import {
	importTicketPrivateKey,
	importTicketPublicKey,
	signTicket,
	verifyTicket,
	type Ticket,
} from './ticket.ts';

const NOW = 1_800_000_000_000;
const ticket: Ticket = {
	aud: 'sync',
	user: { id: 'u1234567', name: 'Zoë 😀', role: 'student' },
	resource: 'workspace:abcdefgh',
	access: 'write',
	iat: NOW / 1000,
	exp: NOW / 1000 + 60,
	jti: 'jti-12345',
};

async function keys() {
	const pair = generateKeyPairSync('ed25519');
	return {
		privateKey: await importTicketPrivateKey(
			pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
		),
		publicKey: await importTicketPublicKey(
			pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
		),
	};
}

describe('tickets', () => {
	let ours: Awaited<ReturnType<typeof keys>>;
	let token: string;
	beforeAll(async () => {
		ours = await keys();
		token = await signTicket(ours.privateKey, ticket);
	});

	it('carries its claims to whoever holds the public key', async () => {
		expect(await verifyTicket(ours.publicKey, token, 'sync', NOW)).toEqual({ ok: true, ticket });
	});

	it('ends at its expiry', async () => {
		const late = await verifyTicket(ours.publicKey, token, 'sync', NOW + 60_000);
		expect(late).toEqual({ ok: false, reason: 'expired' });
	});

	it('opens nothing but what it was made for', async () => {
		const elsewhere = await verifyTicket(ours.publicKey, token, 'terminal', NOW);
		expect(elsewhere).toEqual({ ok: false, reason: 'wrong-audience' });
	});

	it('is refused when its claims were changed', async () => {
		const [payload, signature] = token.split('.');
		const forged = btoa(
			atob(payload!.replaceAll('-', '+').replaceAll('_', '/')).replace('write', 'Write'),
		);
		const result = await verifyTicket(ours.publicKey, `${forged}.${signature}`, 'sync', NOW);
		expect(result).toEqual({ ok: false, reason: 'bad-signature' });
	});

	it('is refused when another key signed it', async () => {
		const theirs = await signTicket((await keys()).privateKey, ticket);
		const result = await verifyTicket(ours.publicKey, theirs, 'sync', NOW);
		expect(result).toEqual({ ok: false, reason: 'bad-signature' });
	});

	it.each(['', '.', 'a.b.c', '%%%.%%%', `${'a'.repeat(5000)}.a`, 'e30.e30'])(
		'never throws on %j',
		async (garbage) => {
			expect((await verifyTicket(ours.publicKey, garbage, 'sync', NOW)).ok).toBe(false);
		},
	);
});
