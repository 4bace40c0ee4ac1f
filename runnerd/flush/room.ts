// A workspace's room in sync, as runnerd joins it: a ticketed Yjs peer that knows what is durable.

import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { ACK_PARAMETER, MESSAGE, SYNC_LIMITS, SYNC_STEP } from '@containrlab/protocol/sync.ts';
import { TICKET_HEADER } from '@containrlab/protocol/ticket.ts';

export interface Room {
	readonly doc: Y.Doc;
	/** Resolves once the document is complete. */
	readonly ready: Promise<void>;
	/** Resolves once all that the document has now is durable; however long sync is away. */
	durable(signal?: AbortSignal): Promise<void>;
	close(): void;
}

const encodeTicket = (ticket: string): Uint8Array<ArrayBuffer> =>
	encoding.encode((encoder) => {
		encoding.writeVarUint(encoder, MESSAGE.ticket);
		encoding.writeVarString(encoder, ticket);
	});

export interface SyncRoomOptions {
	/** `ws://host:port` */
	url: string;
	room: string;
	ticket: string;
	/** Sync refused for good; a fresh ticket may help. */
	onRefused?: (code: number, reason: string) => void;
}

export class SyncRoom implements Room {
	readonly doc = new Y.Doc();
	readonly ready: Promise<void>;
	#provider: WebsocketProvider;
	#ticket: string;
	/** Document frames sent on this connection, and how many of them sync says are durable. */
	#sent = 0;
	#durable = 0;
	/** Our answer to the server's step 1 has gone out: what came before it is covered. */
	#resynced = false;
	#waiting = new Set<() => void>();

	constructor({ url, room, ticket, onRefused }: SyncRoomOptions) {
		this.#ticket = ticket;
		this.#provider = new WebsocketProvider(url, room, this.doc, {
			params: { [ACK_PARAMETER]: '1' },
			disableBc: true,
			connect: false,
			WebSocketPolyfill: this.#socketClass() as unknown as typeof globalThis.WebSocket,
		});
		// A service is nobody: it has no cursor.
		this.#provider.awareness.setLocalState(null);
		this.#provider.messageHandlers[MESSAGE.durable] = (_encoder, decoder) => {
			this.#durable = decoding.readVarUint(decoder);
			this.#check();
		};
		this.#provider.on('closed', (event: { code: number; reason: string }) =>
			onRefused?.(event.code, event.reason),
		);
		this.ready = new Promise((resolve) => {
			this.#provider.on('sync', (synced: boolean) => {
				if (synced) resolve();
				// What we sent may have been told durable before.
				this.#check();
			});
		});
		this.#provider.connect();
	}

	/** For this connection and the next ones; takes one up again that sync had refused. */
	renew(ticket: string): void {
		this.#ticket = ticket;
		const { ws, wsconnected } = this.#provider;
		if (ws && wsconnected) ws.send(encodeTicket(ticket));
		this.#provider.connect();
	}

	async durable(signal?: AbortSignal): Promise<void> {
		while (!this.#isDurable()) {
			signal?.throwIfAborted();
			await new Promise<void>((resolve) => {
				const done = () => {
					this.#waiting.delete(done);
					signal?.removeEventListener('abort', done);
					resolve();
				};
				this.#waiting.add(done);
				signal?.addEventListener('abort', done);
			});
		}
	}

	close(): void {
		this.#provider.destroy();
		this.doc.destroy();
	}

	#isDurable(): boolean {
		return this.#provider.synced && this.#resynced && this.#durable >= this.#sent;
	}

	#check(): void {
		if (this.#isDurable()) for (const done of [...this.#waiting]) done();
	}

	#opened(): void {
		this.#sent = 0;
		this.#durable = 0;
		this.#resynced = false;
	}

	#count(data: unknown): void {
		const bytes =
			data instanceof Uint8Array ? data : data instanceof ArrayBuffer ? new Uint8Array(data) : [];
		if (bytes[0] !== MESSAGE.sync || bytes[1] === SYNC_STEP.step1) return;
		this.#sent += 1;
		if (bytes[1] === SYNC_STEP.step2) this.#resynced = true;
	}

	/** The stock client builds its own sockets: this is how the ticket gets into their header. */
	#socketClass() {
		const ticket = () => this.#ticket;
		const opened = () => this.#opened();
		const count = (data: unknown) => this.#count(data);
		return class TicketSocket extends WebSocket {
			constructor(address: string, protocols?: string[]) {
				super(address, protocols, {
					headers: { [TICKET_HEADER]: ticket() },
					maxPayload: SYNC_LIMITS.document * 2,
					perMessageDeflate: false,
				});
				opened();
			}

			override send(data: Parameters<WebSocket['send']>[0]): void {
				count(data);
				super.send(data, () => {});
			}
		};
	}
}
