// Whether what was typed is in Postgres: frames that this connection sent against those that sync
// says are durable. The layout of frames is in protocol/sync.ts.

import { MESSAGE, SYNC_STEP } from '@containrlab/protocol/sync.ts';

/** Whether a frame that the client sends carries document content, and so counts. */
export function isDocumentFrame(frame: Uint8Array): boolean {
	if (frame[0] !== MESSAGE.sync) return false;
	return frame[1] === SYNC_STEP.step2 || frame[1] === SYNC_STEP.update;
}

/** Reads lib0's varUint: seven bits a byte, least significant first. */
export function readVarUint(bytes: Uint8Array, at: number): number {
	let value = 0;
	let scale = 1;
	for (let index = at; index < bytes.length; index += 1) {
		const byte = bytes[index]!;
		value += (byte & 0x7f) * scale;
		if (byte < 0x80) return value;
		scale *= 128;
	}
	throw new RangeError('the number ends before its last byte');
}

export type SaveState = 'saved' | 'saving' | 'offline';

/** One connection at a time; a frame of an earlier one says nothing about the present one. */
export class SaveLedger {
	#connection: object | undefined;
	#sent = 0;
	#durable = 0;

	/** A new connection opened: its resync will be frame 1. */
	open(connection: object): void {
		this.#connection = connection;
		this.#sent = 0;
		this.#durable = 0;
	}

	close(connection: object): void {
		if (this.#connection === connection) this.#connection = undefined;
	}

	sent(connection: object): void {
		if (this.#connection === connection) this.#sent += 1;
	}

	/** sync: the first `count` frames of this connection are in Postgres. */
	durable(count: number): void {
		this.#durable = Math.max(this.#durable, count);
	}

	get state(): SaveState {
		if (!this.#connection) return 'offline';
		return this.#sent > 0 && this.#durable === this.#sent ? 'saved' : 'saving';
	}
}
