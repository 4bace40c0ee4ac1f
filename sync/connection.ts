// One WebSocket: decodes what comes, writes what a turn produced at once, notices when the other end
// is slow or dead.

import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { CLOSE, SYNC_LIMITS } from '@containrlab/protocol/sync.ts';
import type { Ticket } from '@containrlab/protocol/ticket.ts';
import { LIMITS } from './limits.ts';
import type { Close, Member, Peer } from './member.ts';
import type { Room } from './room.ts';
import type { Turns } from './turns.ts';
import { decodeMessage, HEARTBEAT, toFrame } from './wire.ts';

export class Connection implements Peer {
	readonly ticket: Ticket;
	readonly acks: boolean;
	#ws: WebSocket;
	/** Beneath `ws`: frames are made once for all clients and written to it as they are. */
	#socket: Duplex;
	#turns: Turns;
	#frames: Buffer[] = [];
	#alive = true;
	#closing = false;
	/** Not read, for the store's sake. */
	#waits = false;
	/** A whole document may be on its way to a slow client without that being a fault; one, not many. */
	#allowance = 0;

	constructor(options: {
		ws: WebSocket;
		socket: Duplex;
		ticket: Ticket;
		acks: boolean;
		turns: Turns;
	}) {
		this.ticket = options.ticket;
		this.acks = options.acks;
		this.#ws = options.ws;
		this.#socket = options.socket;
		this.#turns = options.turns;
		this.#ws.on('pong', () => (this.#alive = true));
		// What ends a connection is its 'close'; an error without a listener would end the process.
		this.#ws.on('error', () => {});
	}

	/** Hands everything that comes to the room, until the socket closes. */
	attach(room: Room, onLeft: () => void): void {
		const member: Member = room.join(this);
		this.#ws.on('message', (data, isBinary) => {
			this.#alive = true;
			if (this.#closing) return;
			room.receive(
				member,
				isBinary ? decodeMessage(data as unknown as Uint8Array) : { type: 'malformed' },
			);
			this.#waitFor(room);
		});
		this.#ws.once('close', () => {
			room.leave(member);
			onLeft();
		});
	}

	/** Who sends faster than the store takes it is read no further until the store has caught up. */
	#waitFor(room: Room): void {
		const relief = this.#waits ? undefined : room.log.relief();
		if (!relief) return;
		this.#waits = true;
		this.#ws.pause();
		void relief.then(() => {
			this.#waits = false;
			// It was silent because we didn't listen.
			this.#alive = true;
			this.#ws.resume();
		});
	}

	send(message: Uint8Array): void {
		if (this.#closing) return;
		if (this.#frames.length === 0) this.#turns.write(this.#write);
		this.#frames.push(frameOf(message));
	}

	#write = (): void => {
		const frames = this.#frames;
		this.#frames = [];
		const socket = this.#socket;
		if (socket.destroyed || !socket.writable || this.#ws.readyState !== this.#ws.OPEN) return;
		if (socket.writableLength === 0) this.#allowance = 0;
		if (socket.writableLength > SYNC_LIMITS.outbound + this.#allowance) {
			return this.close(CLOSE.tooSlow);
		}
		const joined = joinFrames(frames);
		if (joined) {
			socket.write(joined);
			return;
		}
		socket.cork();
		for (const frame of frames) {
			if (frame.length > SYNC_LIMITS.outbound / 4) {
				this.#allowance = Math.max(this.#allowance, frame.length);
			}
			socket.write(frame);
		}
		socket.uncork();
	};

	close({ code, reason }: Close): void {
		if (this.#closing) return;
		// First: writing to a client that is too slow closes it, which is where we are.
		this.#closing = true;
		this.#write();
		this.#ws.close(code, reason);
		// A peer that doesn't take part in the handshake must not keep what waits for it.
		const timer = setTimeout(() => this.#ws.terminate(), LIMITS.closeMs).unref();
		this.#ws.once('close', () => clearTimeout(timer));
	}

	/** Once per heartbeat: cuts a socket that didn't answer the last one. */
	beat(): void {
		if (!this.#waits) {
			if (!this.#alive) return this.#ws.terminate();
			this.#alive = false;
			this.#ws.ping();
		}
		this.send(HEARTBEAT);
	}
}

let lastMessage: Uint8Array | undefined;
let lastFrame: Buffer | undefined;

/** A broadcast hands the same message to one connection after the other: framed once. */
function frameOf(message: Uint8Array): Buffer {
	if (message !== lastMessage || !lastFrame) {
		lastMessage = message;
		lastFrame = toFrame(message);
	}
	return lastFrame;
}

/** Above this, copying costs more than handing the kernel several pieces. */
const JOINED_BYTES = 16 * 1024;
let lastFrames: Buffer[] = [];
let lastJoined: Buffer | undefined;

/** As one piece, if that is small; those to whom the same is written in a turn share it. */
function joinFrames(frames: Buffer[]): Buffer | undefined {
	if (frames.length === 1 && frames[0]!.length <= JOINED_BYTES) return frames[0];
	const same = frames.length === lastFrames.length && frames.every((f, n) => f === lastFrames[n]);
	if (same) return lastJoined;
	let length = 0;
	for (const frame of frames) length += frame.length;
	lastFrames = frames;
	lastJoined = length <= JOINED_BYTES ? Buffer.concat(frames, length) : undefined;
	return lastJoined;
}
