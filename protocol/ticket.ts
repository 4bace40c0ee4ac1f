// Tickets: signed, short-lived claims that let a socket into sync, a terminal or a preview.
// web holds the private key (Ed25519, RFC 8032); sync and runnerd verify with the public one.
// Wire form: base64url(JSON claims) "." base64url(signature over the first part's bytes).

import { z } from 'zod';

export const Role = z.enum(['instructor', 'ta', 'student']);
export type Role = z.infer<typeof Role>;

/** Who a socket speaks for. `shell:<user>` ids are runnerd acting for a terminal's driver. */
export const TicketUser = z.object({
	id: z.string().min(1).max(80),
	name: z.string().min(1).max(80),
	/** `service` connections are ours: never shown as a person. */
	role: z.enum(['instructor', 'ta', 'student', 'service']),
});
export type TicketUser = z.infer<typeof TicketUser>;

export const Ticket = z.object({
	aud: z.enum(['sync', 'terminal', 'preview']),
	user: TicketUser,
	/** sync: a room name; terminal: a workspace id; preview: that and a port. */
	resource: z.string().min(1).max(80),
	access: z.enum(['write', 'read']),
	/** Seconds since the epoch. */
	iat: z.number().int(),
	exp: z.number().int(),
	/** What it opened stays open until then without another ticket; until `exp` where this is missing. */
	until: z.number().int().optional(),
	jti: z.string().min(8).max(40),
});
export type Ticket = z.infer<typeof Ticket>;

/** The header in which web's upgrade proxy hands a ticket to the service behind it. */
export const TICKET_HEADER = 'x-containrlab-ticket';
/** How long a browser's ticket lives: long enough for a slow upgrade, short for a leaked log. */
export const TICKET_SECONDS = 60;
/** How long a browser's socket stays before it comes back for its rights to be looked at again. */
export const SOCKET_SECONDS = 3600;
/** runnerd's ticket for a room it hosts must outlive web's absences, not the sandbox. */
export const HOST_TICKET_SECONDS = 7 * 24 * 3600;

export type TicketRefusal = 'malformed' | 'bad-signature' | 'expired' | 'wrong-audience';
export type TicketResult = { ok: true; ticket: Ticket } | { ok: false; reason: TicketRefusal };

const encode = (bytes: Uint8Array): string =>
	btoa(String.fromCharCode(...bytes))
		.replaceAll('+', '-')
		.replaceAll('/', '_')
		.replaceAll('=', '');
const decode = (text: string): Uint8Array<ArrayBuffer> =>
	Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));

export async function signTicket(privateKey: CryptoKey, ticket: Ticket): Promise<string> {
	const payload = encode(new TextEncoder().encode(JSON.stringify(Ticket.parse(ticket))));
	const signature = await crypto.subtle.sign(
		'Ed25519',
		privateKey,
		new TextEncoder().encode(payload),
	);
	return `${payload}.${encode(new Uint8Array(signature))}`;
}

/** Never throws: a ticket is hostile input. `now` in milliseconds. */
export async function verifyTicket(
	publicKey: CryptoKey,
	token: string,
	audience: Ticket['aud'],
	now = Date.now(),
): Promise<TicketResult> {
	const [payload, signature, ...rest] = token.split('.');
	if (!payload || !signature || rest.length > 0 || token.length > 4096) {
		return { ok: false, reason: 'malformed' };
	}
	let ticket: Ticket;
	try {
		const valid = await crypto.subtle.verify(
			'Ed25519',
			publicKey,
			decode(signature),
			new TextEncoder().encode(payload),
		);
		if (!valid) return { ok: false, reason: 'bad-signature' };
		ticket = Ticket.parse(JSON.parse(new TextDecoder().decode(decode(payload))));
	} catch {
		return { ok: false, reason: 'malformed' };
	}
	if (ticket.aud !== audience) return { ok: false, reason: 'wrong-audience' };
	if (ticket.exp * 1000 <= now) return { ok: false, reason: 'expired' };
	return { ok: true, ticket };
}

/** Imports a PEM public key (SPKI), as `ops` writes it. */
export async function importTicketPublicKey(pem: string): Promise<CryptoKey> {
	return crypto.subtle.importKey('spki', pemBody(pem), 'Ed25519', false, ['verify']);
}

/** Imports a PEM private key (PKCS #8), as `ops` writes it. */
export async function importTicketPrivateKey(pem: string): Promise<CryptoKey> {
	return crypto.subtle.importKey('pkcs8', pemBody(pem), 'Ed25519', false, ['sign']);
}

function pemBody(pem: string): Uint8Array<ArrayBuffer> {
	return decode(pem.replace(/-----[^-]+-----/g, '').replace(/\s+/g, ''));
}
