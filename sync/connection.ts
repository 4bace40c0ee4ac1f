// One WebSocket: decodes what comes, writes what a turn produced at once, notices when the other end
// is slow or dead.

import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { CLOSE, SYNC_LIMITS } from '@containrlab/protocol/sync.ts';
import type { Ticket } from '@containrlab/protocol/ticket.ts';
import { LIMITS } from './limits.ts';
import type { Admission } from './admission.ts';
import type { Close, Member, Peer } from './member.ts';
import type { Traffic } from './metrics.ts';
import type { Room } from './room.ts';
import type { Turns } from './turns.ts';
import { isDenial } from './refusals.ts';
import {
	decodeMessage,
	encodeDenied,
	encodeDurable,
	HEARTBEAT,
	MALFORMED,
	PING,
	TICKET_PLEASE,
	toFrame,
} from './wire.ts';

/** How it gets a new ticket. */
export interface Renewal {
	/** Whether the client wants to be asked. */
	readonly asked: boolean;
	renew(token: string): Promise<Admission>;
}

/** Frames that a connection may send at once, and per second. */
export interface Pace {
	readonly atOnce: number;
	readonly perSecond: number;
}

export class Connection implements Peer {
	ticket: Ticket;
	readonly acks: boolean;
	#ws: WebSocket;
	/** Beneath `ws`: frames are made once for all clients and written to it as they are. */
	#socket: Duplex;
	#turns: Turns;
	#traffic: Traffic;
	#renewal: Renewal;
	#renewing = false;
	#frames: Buffer[] = [];
	/** Whether a write is due at the end of this turn. */
	#due = false;
	/** Document frames that are durable, until it has been told; and when at last it is. */
	#durable: number | undefined;
	#telling: NodeJS.Timeout | undefined;
	#alive = true;
	#closing = false;
	/** Why it isn't read at the moment. */
	#holds = new Set<'store' | 'pace' | 'turn'>();
	/** Bytes that came in the turn of that number. */
	#taken = { turn: 0, bytes: 0 };
	/** Frames that it may still send at once, as of `#framesAt` (ms). */
	#framesLeft: number;
	#pace: Pace;
	#framesAt = performance.now();
	/** A whole document may be on its way to a slow client without that being a fault; one, not many. */
	#allowance = 0;

	constructor(options: {
		ws: WebSocket;
		socket: Duplex;
		ticket: Ticket;
		acks: boolean;
		turns: Turns;
		traffic: Traffic;
		pace: Pace;
		renewal: Renewal;
	}) {
		this.ticket = options.ticket;
		this.acks = options.acks;
		this.#ws = options.ws;
		this.#socket = options.socket;
		this.#turns = options.turns;
		this.#traffic = options.traffic;
		this.#pace = options.pace;
		this.#renewal = options.renewal;
		this.#framesLeft = options.pace.atOnce;
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
			const bytes = data as unknown as Uint8Array;
			const message = isBinary ? decodeMessage(bytes) : MALFORMED;
			this.#traffic.framesIn += 1;
			this.#traffic.bytesIn += bytes.length;
			if (message.type === 'update') this.#traffic.updates += 1;
			if (message.type === 'ticket') void this.#renew(message.token);
			room.receive(member, message);
			this.#leaveTime(bytes.length);
			this.#waitFor(room);
		});
		this.#ws.once('close', () => {
			clearTimeout(this.#telling);
			room.leave(member);
			onLeft();
		});
	}

	/** The kernel hands over megabytes at a time, which is more than one may keep all others waiting for. */
	#leaveTime(bytes: number): void {
		const turn = this.#turns.number;
		if (this.#taken.turn !== turn) this.#taken = { turn, bytes: 0 };
		this.#taken.bytes += bytes;
		if (this.#taken.bytes <= LIMITS.turnBytes || this.#holds.has('turn')) return;
		this.#holdFor('turn', this.#turns.end());
	}

	/** Who sends faster than the store takes it is read no further until the store has caught up. */
	#waitFor(room: Room): void {
		if (!this.#holds.has('store')) this.#holdFor('store', room.log.relief());
		this.#framesLeft -= 1;
		if (this.#framesLeft >= 0 || this.#holds.has('pace')) return;
		this.#holdFor('pace', this.#afterSoMuch());
	}

	#holdFor(why: 'store' | 'pace' | 'turn', end: Promise<void> | undefined): void {
		if (!end) return;
		this.#holds.add(why);
		this.#ws.pause();
		void end.then(() => {
			this.#holds.delete(why);
			if (this.#holds.size > 0) return;
			// It was silent because we didn't listen.
			this.#alive = true;
			this.#ws.resume();
		});
	}

	/** Undefined when it hasn't sent too much after all; else until it may send again. */
	#afterSoMuch(): Promise<void> | undefined {
		const { atOnce, perSecond } = this.#pace;
		const now = performance.now();
		const earned = ((now - this.#framesAt) * perSecond) / 1000;
		this.#framesLeft = Math.min(atOnce, this.#framesLeft + earned);
		this.#framesAt = now;
		if (this.#framesLeft >= 0) return undefined;
		return delay(PACE_MS - (this.#framesLeft / perSecond) * 1000, undefined, { ref: false });
	}

	send(message: Uint8Array): void {
		if (this.#closing) return;
		this.#queue(frameOf(message));
	}

	#queue(frame: Buffer): void {
		this.#frames.push(frame);
		this.#soon();
	}

	/** A write of its own costs as much as that of an edit: who types hears it along with others' edits. */
	acknowledge(count: number): void {
		if (this.#closing) return;
		this.#durable = count;
		this.#telling ??= setTimeout(() => {
			this.#telling = undefined;
			if (this.#durable !== undefined) this.#soon();
		}, LIMITS.acknowledgeMs).unref();
	}

	#soon(): void {
		if (this.#due) return;
		this.#due = true;
		this.#turns.write(this.#write);
	}

	#write = (): void => {
		this.#due = false;
		const frames = this.#frames;
		this.#frames = [];
		if (this.#durable !== undefined) frames.push(toFrame(encodeDurable(this.#durable)));
		this.#durable = undefined;
		if (frames.length === 0) return;
		const socket = this.#socket;
		if (socket.destroyed || !socket.writable || this.#ws.readyState !== this.#ws.OPEN) return;
		if (socket.writableLength === 0) this.#allowance = 0;
		if (socket.writableLength > SYNC_LIMITS.outbound + this.#allowance) {
			return this.close(CLOSE.tooSlow);
		}
		const joined = joinFrames(frames);
		if (joined) {
			this.#traffic.bytesOut += joined.length;
			socket.write(joined);
			return;
		}
		socket.cork();
		for (const frame of frames) {
			if (frame.length > SYNC_LIMITS.outbound / 4) {
				this.#allowance = Math.max(this.#allowance, frame.length);
			}
			this.#traffic.bytesOut += frame.length;
			socket.write(frame);
		}
		socket.uncork();
	};

	close(close: Close): void {
		if (this.#closing) return;
		const { code, reason } = close;
		if (isDenial(close) && !this.acks) this.send(encodeDenied(reason));
		// First: writing to a client that is too slow closes it, which is where we are.
		this.#closing = true;
		this.#write();
		this.#ws.close(code, reason);
		// A peer that doesn't take part in the handshake must not keep what waits for it.
		const timer = setTimeout(() => this.#ws.terminate(), LIMITS.closeMs).unref();
		this.#ws.once('close', () => clearTimeout(timer));
	}

	/** Bytes that the client hasn't taken yet. */
	get unsent(): number {
		return this.#socket.writableLength;
	}

	/** For the same user in the same room; for another, they have to come in anew. One at a time. */
	async #renew(token: string): Promise<void> {
		if (this.#renewing) return;
		this.#renewing = true;
		const found = await this.#renewal.renew(token);
		this.#renewing = false;
		if (!found.ok) return this.close(found.close);
		const { user, resource } = this.ticket;
		const isSame = found.ticket.user.id === user.id && found.ticket.resource === resource;
		if (isSame) this.ticket = found.ticket;
		else this.close(CLOSE.recheck);
	}

	/** Seconds until it has to be gone, or hold another ticket. */
	get #left(): number {
		return (this.ticket.until ?? this.ticket.exp) - Date.now() / 1000;
	}

	/**
	 * Once per heartbeat: sends away whose ticket's time is over, and cuts a socket that didn't answer the
	 * last one.
	 */
	beat(): void {
		if (this.#left <= 0) return this.close(CLOSE.recheck);
		if (this.#renewal.asked && this.#left < LIMITS.renewSeconds) this.send(TICKET_PLEASE);
		if (this.#holds.size === 0) {
			if (!this.#alive) return this.#ws.terminate();
			this.#alive = false;
			this.#queue(PING);
		}
		this.send(HEARTBEAT);
	}
}

/** Who sent too much is read again after so long at least (ms). */
const PACE_MS = 100;

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
