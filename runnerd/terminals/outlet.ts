// What goes to one browser: messages and output in order, and a fresh snapshot instead of all that
// it was too slow for. It never waits, so a slow browser holds up nobody; what it can hold is bounded.

import type { TerminalMessage } from '@containrlab/protocol/terminal.ts';

/** Sent and not yet read, or not yet on the screen, before frames are skipped. */
const BEHIND = 512 * 1024;
/** Caught up: a snapshot may follow. */
const DRAINED = 64 * 1024;
/**
 * Between two snapshots for one that misses output. They come on the beat, so that all who are due
 * share one: making it costs more than sending it.
 */
const SNAPSHOT_MS = 500;
/**
 * Output that one browser is sent: more than anybody can read. A flood costs as much as this for
 * each of forty watchers, not all of it forty times (bytes per second, and at once).
 */
const RATE = 512 * 1024;
const BURST = 1024 * 1024;

/** The part of a WebSocket that this needs. */
export interface OutletSocket {
	readonly bufferedAmount: number;
	send(data: string | Uint8Array, done: () => void): void;
}

export class Outlet {
	#socket: OutletSocket;
	/** Asks for `restart`, as soon as the screen stands still. */
	#wantsRestart: () => void;
	/** Until the first snapshot, too. */
	#skipping = true;
	#sent = 0;
	/** undefined until the browser says for the first time how far its screen is. */
	#acked: number | undefined;
	#restartedAt = -Infinity;
	#timer: NodeJS.Timeout | undefined;
	#asked = true;
	#closed = false;
	#allowance = BURST;
	#allowedAt = performance.now();

	/** Wants its first restart without asking. */
	constructor(socket: OutletSocket, wantsRestart: () => void) {
		this.#socket = socket;
		this.#wantsRestart = wantsRestart;
	}

	/** Begins anew: the encoded snapshot, what goes with it, and what has begun after it. */
	restart(snapshot: string, message: TerminalMessage, tail: Uint8Array): void {
		if (this.#closed) return;
		this.#skipping = false;
		this.#asked = false;
		this.#restartedAt = performance.now();
		this.#send(snapshot);
		this.#send(JSON.stringify(message));
		if (tail.length > 0) {
			this.#sent += tail.length;
			this.#send(tail);
		}
	}

	output(data: Uint8Array): void {
		if (this.#skipping || data.length === 0) return;
		if (this.#waiting() > BEHIND || !this.#allows(data.length)) {
			this.#skip();
			return;
		}
		this.#sent += data.length;
		this.#send(data);
	}

	message(message: TerminalMessage): void {
		if (this.#skipping) return;
		if (this.#waiting() > BEHIND) this.#skip();
		else this.#send(JSON.stringify(message));
	}

	/** To who asked, also while output is skipped: a flood must not swallow what is said about it. */
	answer(message: TerminalMessage): void {
		if (!this.#closed && this.#socket.bufferedAmount <= BEHIND) this.#send(JSON.stringify(message));
	}

	/** `bytes` of output are on the browser's screen. */
	ack(bytes: number): void {
		this.#acked = Math.max(this.#acked ?? 0, Math.min(bytes, this.#sent));
		this.#progress();
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#timer);
	}

	#allows(bytes: number): boolean {
		const now = performance.now();
		const earned = ((now - this.#allowedAt) / 1000) * RATE;
		this.#allowance = Math.min(BURST, this.#allowance + earned);
		this.#allowedAt = now;
		if (this.#allowance < bytes) return false;
		this.#allowance -= bytes;
		return true;
	}

	#waiting(): number {
		const unacked = this.#acked === undefined ? 0 : this.#sent - this.#acked;
		return Math.max(this.#socket.bufferedAmount, unacked);
	}

	#send(data: string | Uint8Array): void {
		this.#socket.send(data, () => this.#progress());
	}

	#skip(): void {
		this.#skipping = true;
		this.#progress();
	}

	/** Something was read: perhaps it is time for a snapshot. */
	#progress(): void {
		if (!this.#skipping || this.#asked || this.#closed || this.#waiting() > DRAINED) return;
		this.#asked = true;
		const now = performance.now();
		const due = Math.max(now, this.#restartedAt + SNAPSHOT_MS / 2);
		const beat = Math.ceil(due / SNAPSHOT_MS) * SNAPSHOT_MS;
		this.#timer = setTimeout(this.#wantsRestart, beat - now);
	}
}
