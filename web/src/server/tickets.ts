// Signs what lets a socket into sync or a terminal.

import { newId } from '@containrlab/protocol/id.ts';
import {
	HOST_TICKET_SECONDS,
	importTicketPrivateKey,
	signTicket,
	SOCKET_SECONDS,
	TICKET_SECONDS,
	type Ticket,
} from '@containrlab/protocol/ticket.ts';

export type TicketClaim = Pick<Ticket, 'aud' | 'user' | 'resource' | 'access'>;

export class TicketSigner {
	readonly #key: Promise<CryptoKey>;

	constructor(privateKeyPem: string) {
		this.#key = importTicketPrivateKey(privateKeyPem);
		// Awaited at each use; a bad key must not end the process before anyone asks.
		this.#key.catch(() => {});
	}

	/** For one upgrade of a browser. */
	forBrowser(claim: TicketClaim): Promise<string> {
		return this.#sign(claim, TICKET_SECONDS, SOCKET_SECONDS);
	}

	/** For runnerd, in the room of a workspace that it hosts. */
	forHost(claim: TicketClaim): Promise<string> {
		return this.#sign(claim, HOST_TICKET_SECONDS);
	}

	async #sign(claim: TicketClaim, seconds: number, open = seconds): Promise<string> {
		const iat = Math.floor(Date.now() / 1000);
		const times = { iat, exp: iat + seconds, until: iat + open };
		return signTicket(await this.#key, { ...claim, ...times, jti: newId(20) });
	}
}
