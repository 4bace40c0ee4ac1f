// The door to the terminals: verifies the ticket of an upgrade, then hands the socket on.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Id } from '@containrlab/protocol/id.ts';
import { TERMINAL_CLOSE } from '@containrlab/protocol/terminal.ts';
import { TICKET_HEADER, verifyTicket, type TicketResult } from '@containrlab/protocol/ticket.ts';
import { WebSocket, WebSocketServer } from 'ws';
import type { Terminals } from './terminals.ts';

/** A paste in one frame. */
const FRAME_MAX = 1024 * 1024;
/** Half-open connections are found within two of these. */
const HEARTBEAT_MS = 15_000;

export interface TerminalDoorOptions {
	/** web's public key. */
	ticketKey: CryptoKey;
	/** The terminals of a workspace whose sandbox is ready. */
	find(workspace: string): Terminals | undefined;
	heartbeatMs?: number;
}

/** Whether a request's path is a terminal's: then `TerminalDoor.accept` is for it. */
export function isTerminalPath(url: string | undefined): boolean {
	return url?.startsWith('/terminal/') ?? false;
}

export class TerminalDoor {
	#options: TerminalDoorOptions;
	#server = new WebSocketServer({
		noServer: true,
		maxPayload: FRAME_MAX,
		perMessageDeflate: false,
	});
	#alive = new WeakSet<WebSocket>();
	#heartbeat: NodeJS.Timeout | undefined;

	constructor(options: TerminalDoorOptions) {
		this.#options = options;
	}

	/** For an HTTP server's `upgrade` event. Never throws: refusals close the socket with a code. */
	async accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
		// Until ws listens; a client may go while its ticket is verified.
		const ignore = () => {};
		socket.on('error', ignore);
		const place = parsePath(request.url);
		if (!place) {
			socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
			return;
		}
		const result = await this.#ticket(request, place.workspace);
		if (socket.destroyed) return;
		this.#server.handleUpgrade(request, socket, head, (webSocket) => {
			socket.off('error', ignore);
			this.#keepAlive(webSocket);
			// The handshake is finished first: a browser sees close codes, but no HTTP status.
			const terminals = this.#options.find(place.workspace);
			if (result.ok && terminals) return terminals.accept(webSocket, place.terminal, result.ticket);
			const refusal = refusalOf(result);
			webSocket.close(refusal.code, refusal.reason);
		});
	}

	/** Ends the heartbeat and what is still open. */
	close(): void {
		clearInterval(this.#heartbeat);
		for (const socket of this.#server.clients) socket.terminate();
	}

	async #ticket(request: IncomingMessage, workspace: string): Promise<TicketResult> {
		const token = request.headers[TICKET_HEADER];
		if (typeof token !== 'string') return { ok: false, reason: 'malformed' };
		const result = await verifyTicket(this.#options.ticketKey, token, 'terminal');
		if (!result.ok || result.ticket.resource === workspace) return result;
		return { ok: false, reason: 'wrong-audience' };
	}

	#keepAlive(socket: WebSocket): void {
		this.#alive.add(socket);
		socket.on('pong', () => this.#alive.add(socket));
		// What follows an error is 'close'; a frame beyond the limit ends here.
		socket.on('error', () => {});
		this.#heartbeat ??= setInterval(
			() => this.#beat(),
			this.#options.heartbeatMs ?? HEARTBEAT_MS,
		).unref();
	}

	#beat(): void {
		for (const socket of this.#server.clients) {
			// One that we don't read can't be heard to answer.
			if (!this.#alive.delete(socket) && !socket.isPaused) socket.terminate();
			else if (socket.readyState === WebSocket.OPEN) socket.ping();
		}
	}
}

/** A ticket that merely ended is no verdict on who holds it: web puts a fresh one on the next try. */
function refusalOf(result: TicketResult) {
	if (result.ok) return TERMINAL_CLOSE.notReady;
	return result.reason === 'expired' ? TERMINAL_CLOSE.recheck : TERMINAL_CLOSE.unauthorized;
}

function parsePath(url: string | undefined): { workspace: string; terminal: string } | undefined {
	const [, workspace, terminal] = /^\/terminal\/([^/?]+)\/([1-8])(?:\?.*)?$/.exec(url ?? '') ?? [];
	if (!workspace || !terminal || !Id.safeParse(workspace).success) return undefined;
	return { workspace, terminal };
}
