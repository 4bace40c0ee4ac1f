// The server: sockets and requests in front of the rooms. Constructing it does not listen.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { ACK_PARAMETER, CLOSE, RENEW_PARAMETER, SYNC_LIMITS } from '@containrlab/protocol/sync.ts';
import type { Ticket } from '@containrlab/protocol/ticket.ts';
import { byTicket, roomOf, type Admission, type Admit } from './admission.ts';
import { Connection, type Pace } from './connection.ts';
import { httpHandler } from './http.ts';
import { LIMITS } from './limits.ts';
import type { LogBounds } from './log-size.ts';
import type { Logger } from './logger.ts';
import { Metrics, type Depths } from './metrics.ts';
import { Refusals } from './refusals.ts';
import { Revocations } from './revocations.ts';
import type { Close } from './member.ts';
import { Rooms } from './rooms.ts';
import type { Storage } from './storage.ts';

/** A heartbeat's connections take their turns in so many groups. */
const BEATS = 15;

export interface SyncOptions {
	storage: Storage;
	/** Verifies tickets; or who else decides. */
	ticketPublicKey?: CryptoKey;
	admit?: Admit;
	/** The bearer token of the HTTP routes. */
	token: string;
	logger: Logger;
	heartbeatMs?: number;
	idleMs?: number;
	heldMs?: number;
	/** Bytes of a room's log. */
	logBounds?: LogBounds;
	/** Frames that a connection may send. */
	pace?: Pace;
}

export class SyncServer {
	readonly rooms: Rooms;
	readonly metrics = new Metrics();
	#options: SyncOptions;
	#http: Server;
	#sockets: WebSocketServer;
	/** In as many groups as a heartbeat has beats: to all at once would be a stall. */
	#connections = Array.from({ length: BEATS }, () => new Set<Connection>());
	#revocations = new Revocations();
	#refusals = new Refusals();
	#admit: Admit;
	#heartbeat: NodeJS.Timeout | undefined;

	constructor(options: SyncOptions) {
		const { storage, logger, token, idleMs, heldMs, logBounds } = options;
		this.#options = options;
		this.#admit = options.admit ?? admitBy(options.ticketPublicKey);
		const { metrics } = this;
		this.rooms = new Rooms({ storage, logger, metrics, idleMs, heldMs, logBounds });
		metrics.watch(() => this.#depths());
		const revocations = this.#revocations;
		this.#http = createServer(
			httpHandler({ rooms: this.rooms, storage, revocations, token, logger, metrics }),
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
				this.#welcome(ws as NamedCloses, socket, request).catch((cause: unknown) => {
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
		const { heartbeatMs = SYNC_LIMITS.heartbeatMs } = this.#options;
		let turn = 0;
		const beat = () => {
			for (const connection of this.#connections[turn]!) connection.beat();
			turn = (turn + 1) % BEATS;
		};
		// One beat early: timers are late, never early.
		this.#heartbeat = setInterval(beat, heartbeatMs / (BEATS + 1));
		const { port: actual } = this.#http.address() as AddressInfo;
		return { url: `http://${host}:${actual}` };
	}

	/** Nothing that the client sends is read before its room is loaded, complete. */
	async #welcome(ws: NamedCloses, socket: Duplex, request: IncomingMessage): Promise<void> {
		ws.on('error', () => {});
		ws.once('close', (code) => this.metrics.closed(ws.closedWith, code !== 1006));
		ws.pause();
		const url = URL.parse(request.url ?? '/', 'http://sync') ?? new URL('http://sync/');
		const acks = url.searchParams.get(ACK_PARAMETER) === '1';
		const turnAway = (close: Close) => {
			const who = `${request.socket.remoteAddress} ${url.pathname}`;
			return this.#refusals.turnAway(ws, who, close, acks);
		};
		if (this.#socketCount() >= LIMITS.connections) return turnAway(CLOSE.tooMany);
		const entry = await this.#admit(roomOf(url), url, request);
		if (!entry.ok) return turnAway(entry.close);
		const { ticket } = entry;
		const found = await this.rooms.open(ticket.resource);
		if (!found.ok) return turnAway(found.close);
		const close = this.#refusalBeforeJoin(ws, ticket, found.room.members);
		if (close) {
			found.release();
			return turnAway(close);
		}
		const { traffic } = this.metrics;
		const { turns } = this.rooms;
		const { pace = LIMITS.frames } = this.#options;
		const renewal = {
			asked: url.searchParams.get(RENEW_PARAMETER) === '1',
			renew: (token: string) => this.#renew(token),
		};
		const options = { ws, socket, ticket, acks, turns, traffic, pace, renewal };
		const connection = new Connection(options);
		const group = this.#smallestGroup();
		group.add(connection);
		connection.attach(found.room, () => {
			group.delete(connection);
			found.release();
		});
		ws.resume();
	}

	async #renew(token: string): Promise<Admission> {
		const found = await this.#admit.renew?.(token);
		if (!found) return { ok: false, close: CLOSE.malformed };
		if (found.ok && this.#revocations.isRevoked(found.ticket)) {
			return { ok: false, close: CLOSE.recheck };
		}
		return found;
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
			this.#socketCount() >= LIMITS.connections;
		return full ? CLOSE.tooMany : undefined;
	}

	#smallestGroup(): Set<Connection> {
		return this.#connections.reduce((least, group) => (group.size < least.size ? group : least));
	}

	#socketCount(): number {
		return this.#connections.reduce((sum, group) => sum + group.size, 0);
	}

	#depths(): Depths {
		let outbound = 0;
		for (const group of this.#connections) {
			for (const connection of group) outbound += connection.unsent;
		}
		return { ...this.rooms.depths, sockets: this.#socketCount(), outbound };
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
	/** The code that we closed with, if we did. */
	closedWith: number | undefined;

	override close(code?: number, data?: string | Buffer): void {
		const named = code === undefined ? undefined : OF_WS.get(code);
		// Called for the other side's closing too, with its code.
		if (this.readyState === this.OPEN) this.closedWith ??= named?.code ?? code;
		if (named) super.close(named.code, named.reason);
		else super.close(code, data);
	}
}

function admitBy(ticketPublicKey: CryptoKey | undefined): Admit {
	if (!ticketPublicKey) throw new Error('Nobody says who may come in: ticketPublicKey or admit.');
	return byTicket(ticketPublicKey);
}

/** What `ws` finds wrong with a frame, by its codes. */
const OF_WS = new Map<number, Close>([
	[1002, CLOSE.malformed],
	[1007, CLOSE.malformed],
	[1009, CLOSE.tooLarge],
]);
