// The server: sockets and requests in front of the rooms. Constructing it does not listen.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { RoomName } from '@containrlab/protocol/id.ts';
import { ACK_PARAMETER, CLOSE, SYNC_LIMITS } from '@containrlab/protocol/sync.ts';
import { TICKET_HEADER, verifyTicket, type Ticket } from '@containrlab/protocol/ticket.ts';
import { Connection } from './connection.ts';
import { httpHandler } from './http.ts';
import { LIMITS } from './limits.ts';
import type { Logger } from './logger.ts';
import { Revocations } from './revocations.ts';
import type { Close } from './member.ts';
import { Rooms } from './rooms.ts';
import type { Storage } from './storage.ts';

export interface SyncOptions {
	storage: Storage;
	ticketPublicKey: CryptoKey;
	/** The bearer token of the HTTP routes. */
	token: string;
	logger: Logger;
	heartbeatMs?: number;
	idleMs?: number;
	heldMs?: number;
}

export class SyncServer {
	readonly rooms: Rooms;
	#options: SyncOptions;
	#http: Server;
	#sockets: WebSocketServer;
	#connections = new Set<Connection>();
	#revocations = new Revocations();
	#heartbeat: NodeJS.Timeout | undefined;

	constructor(options: SyncOptions) {
		const { storage, logger, token, idleMs, heldMs } = options;
		this.#options = options;
		this.rooms = new Rooms({ storage, logger, idleMs, heldMs });
		const revocations = this.#revocations;
		this.#http = createServer(
			httpHandler({ rooms: this.rooms, storage, revocations, token, logger }),
		);
		this.#sockets = new WebSocketServer({
			noServer: true,
			clientTracking: false,
			perMessageDeflate: false,
			maxPayload: SYNC_LIMITS.frame,
			WebSocket: NamedCloses,
		});
		this.#http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
			socket.on('error', () => {});
			this.#sockets.handleUpgrade(request, socket, head, (ws) => {
				this.#welcome(ws, socket, request).catch((cause: unknown) => {
					logger.error('connection failed', { cause });
					ws.terminate();
				});
			});
		});
	}

	/** Answers the address it listens on; port 0 takes a free one. */
	async listen(port: number, host: string): Promise<{ url: string }> {
		this.#http.listen(port, host);
		await once(this.#http, 'listening');
		const beat = () => {
			for (const connection of this.#connections) connection.beat();
		};
		this.#heartbeat = setInterval(beat, this.#options.heartbeatMs ?? SYNC_LIMITS.heartbeatMs);
		const { port: actual } = this.#http.address() as AddressInfo;
		return { url: `http://${host}:${actual}` };
	}

	/** Nothing that the client sends is read before its room is loaded, complete. */
	async #welcome(ws: WebSocket, socket: Duplex, request: IncomingMessage): Promise<void> {
		ws.on('error', () => {});
		ws.pause();
		const url = new URL(request.url ?? '/', 'http://sync');
		const entry = await this.#admit(url, request);
		if (!entry.ok) return this.#turnAway(ws, entry.close);
		const { ticket } = entry;
		const found = await this.rooms.open(ticket.resource);
		if (!found.ok) return this.#turnAway(ws, found.close);
		const close = this.#refusalBeforeJoin(ws, ticket, found.room.members);
		if (close) {
			found.release();
			return this.#turnAway(ws, close);
		}
		const acks = url.searchParams.get(ACK_PARAMETER) === '1';
		const connection = new Connection({ ws, socket, ticket, acks, turns: this.rooms.turns });
		this.#connections.add(connection);
		connection.attach(found.room, () => {
			this.#connections.delete(connection);
			found.release();
		});
		ws.resume();
	}

	async #admit(
		url: URL,
		request: IncomingMessage,
	): Promise<{ ok: true; ticket: Ticket } | { ok: false; close: Close }> {
		const path = /^\/(?:sync\/)?([^/]+)$/.exec(url.pathname)?.[1];
		const room = RoomName.safeParse(decodePath(path ?? ''));
		if (!room.success) return { ok: false, close: CLOSE.unknownRoom };
		const header = request.headers[TICKET_HEADER];
		const token = typeof header === 'string' ? header : (url.searchParams.get('ticket') ?? '');
		const result = await verifyTicket(this.#options.ticketPublicKey, token, 'sync');
		// An expired ticket is no verdict on its holder: with a fresh one they may come in.
		if (!result.ok && result.reason === 'expired') return { ok: false, close: CLOSE.recheck };
		if (!result.ok || result.ticket.resource !== room.data) {
			return { ok: false, close: CLOSE.unauthorized };
		}
		return { ok: true, ticket: result.ticket };
	}

	/** What may have changed while the room was loading, and the bounds on sockets. */
	#refusalBeforeJoin(
		ws: WebSocket,
		ticket: Ticket,
		members: ReadonlySet<{ user: { id: string } }>,
	): Close | undefined {
		if (ws.readyState !== ws.OPEN) return CLOSE.recheck;
		if (this.#revocations.isRevoked(ticket)) return CLOSE.recheck;
		let own = 0;
		for (const { user } of members) if (user.id === ticket.user.id) own += 1;
		const full =
			members.size >= LIMITS.roomConnections ||
			own >= LIMITS.userConnections ||
			this.#connections.size >= LIMITS.connections;
		return full ? CLOSE.tooMany : undefined;
	}

	#turnAway(ws: WebSocket, { code, reason }: Close): void {
		ws.resume();
		ws.close(code, reason);
		const timer = setTimeout(() => ws.terminate(), LIMITS.closeMs).unref();
		ws.once('close', () => clearTimeout(timer));
	}

	/** Saves everything, tells clients to come back, and ends. */
	async close(): Promise<void> {
		clearInterval(this.#heartbeat);
		const closed = this.#http.listening ? once(this.#http, 'close') : undefined;
		this.#http.close();
		await this.rooms.drain();
		this.#http.closeIdleConnections();
		await closed;
	}
}

/** `ws` closes by itself when a frame is misshapen or too large; clients are told in our codes. */
class NamedCloses extends WebSocket {
	override close(code?: number, data?: string | Buffer): void {
		if (code === 1009) return super.close(CLOSE.tooLarge.code, CLOSE.tooLarge.reason);
		if (code === 1002 || code === 1007) {
			return super.close(CLOSE.malformed.code, CLOSE.malformed.reason);
		}
		super.close(code, data);
	}
}

/** A path segment, its `%3A` back to a colon; empty when it is malformed. */
function decodePath(segment: string): string {
	try {
		return decodeURIComponent(segment);
	} catch {
		return '';
	}
}
