// What goes to one browser: messages and output in order, and a fresh snapshot instead of all that
// it was too slow for. It never waits, so a slow browser holds up nobody; what it can hold is bounded.

import type { TerminalMessage } from '@containrlab/protocol/terminal.ts';

/** Sent and not yet read, or not yet on the screen, before frames are skipped. */
const BEHIND = 512 * 1024;
/** Caught up: a snapshot may follow. */
const DRAINED = 64 * 1024;
/** Between two snapshots for a slow browser. */
const SNAPSHOT_MS = 500;

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

	/** Wants its first restart without asking. */
	constructor(socket: OutletSocket, wantsRestart: () => void) {
		this.#socket = socket;
		this.#wantsRestart = wantsRestart;
	}

	/** Begins anew: the snapshot, what has begun after it, and whatever goes with it. */
	restart(messages: readonly TerminalMessage[], tail: Uint8Array): void {
		if (this.#closed) return;
		this.#skipping = false;
		this.#asked = false;
		this.#restartedAt = performance.now();
		for (const message of messages) this.#send(JSON.stringify(message));
		if (tail.length > 0) {
			this.#sent += tail.length;
			this.#send(tail);
		}
	}

	output(data: Uint8Array): void {
		if (this.#skipping || data.length === 0) return;
		if (this.#waiting() > BEHIND) {
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

	/** `bytes` of output are on the browser's screen. */
	ack(bytes: number): void {
		this.#acked = Math.max(this.#acked ?? 0, Math.min(bytes, this.#sent));
		this.#progress();
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#timer);
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
		const wait = this.#restartedAt + SNAPSHOT_MS - performance.now();
		this.#timer = setTimeout(this.#wantsRestart, Math.max(0, wait));
	}
}
