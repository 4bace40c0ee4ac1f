// Who may come in: by default the holder of a ticket for the room; a server of one's own may ask
// something else.

import type { IncomingMessage } from 'node:http';
import { newId, RoomName } from '@containrlab/protocol/id.ts';
import { CLOSE } from '@containrlab/protocol/sync.ts';
import { TICKET_HEADER, verifyTicket, type Ticket } from '@containrlab/protocol/ticket.ts';
import type { Close } from './member.ts';

export type Admission = { ok: true; ticket: Ticket } | { ok: false; close: Close };

export interface Admit {
	/** `room` is the path as the client has it, decoded; empty when it can't be. */
	(room: string, url: URL, request: IncomingMessage): Promise<Admission>;
	/** Another ticket on an open connection; without this, nobody can renew theirs. */
	renew?: (token: string) => Promise<Admission>;
}

/** By tickets that the holder of the private key signed, in web's header or in the address. */
export function byTicket(publicKey: CryptoKey): Admit {
	const verify = async (token: string): Promise<Admission> => {
		const result = await verifyTicket(publicKey, token, 'sync');
		if (result.ok) return result;
		// An expired ticket is no verdict on its holder: with a fresh one they may come in.
		return { ok: false, close: result.reason === 'expired' ? CLOSE.recheck : CLOSE.unauthorized };
	};
	const admit: Admit = async (room, url, request) => {
		if (!RoomName.safeParse(room).success) return { ok: false, close: CLOSE.unknownRoom };
		const header = request.headers[TICKET_HEADER];
		const token = typeof header === 'string' ? header : (url.searchParams.get('ticket') ?? '');
		const found = await verify(token);
		if (found.ok && found.ticket.resource !== room) return { ok: false, close: CLOSE.unauthorized };
		return found;
	};
	admit.renew = verify;
	return admit;
}

/** A ticket for servers whose `admit` decides without any; it holds until the connection ends. */
export function ticketOf(
	room: string,
	user: { id: string; name: string },
	access: Ticket['access'] = 'write',
): Ticket {
	const iat = Math.floor(Date.now() / 1000);
	const times = { iat, exp: Number.MAX_SAFE_INTEGER };
	const role = 'student' as const;
	return { aud: 'sync', user: { ...user, role }, resource: room, access, ...times, jti: newId() };
}

/** The room of a path, `%3A` in it back to a colon, `/sync/` before it or not. */
export function roomOf({ pathname }: URL): string {
	const segment = /^\/(?:sync\/)?([^/]+)$/.exec(pathname)?.[1] ?? '';
	try {
		return decodeURIComponent(segment);
	} catch {
		return '';
	}
}
