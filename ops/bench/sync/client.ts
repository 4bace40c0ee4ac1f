// A client of little cost: speaks the protocol, keeps what it was sent, and makes a document of it
// only when somebody wants to see it.

import { createHash } from 'node:crypto';
import * as encoding from 'lib0/encoding';
import { WebSocket } from 'ws';
import * as Y from 'yjs';

/** `bare` has no handshake: everyone begins with nothing. */
export type Dialect = 'yjs' | 'hocuspocus' | 'bare';

export interface Door {
	address: string;
	room: string;
	dialect: Dialect;
}

const SYNC = 0;
const AUTH = 2;
const SYNC_REPLY = 4;

/** Milliseconds on a clock that all processes of the machine share. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

export class Client {
	readonly door: Door;
	readonly socket: WebSocket;
	readonly doc = new Y.Doc();
	/** Resolves with the state that it was sent first. */
	readonly synced: Promise<Uint8Array>;
	/** Called for every update that comes. */
	onUpdate: ((update: Uint8Array) => void) | undefined;
	#received: Uint8Array[] = [];
	#prefix: Uint8Array;

	constructor(door: Door) {
		this.door = door;
		this.#prefix = prefixOf(door);
		this.socket = new WebSocket(door.address, { perMessageDeflate: false });
		const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
		this.synced = promise;
		promise.catch(() => {});
		this.socket.on('error', reject);
		this.socket.on('close', (code) => reject(new Error(`closed with ${code}`)));
		this.socket.on('open', () => {
			if (door.dialect === 'hocuspocus') this.#write(Uint8Array.of(AUTH, 0, 0));
			if (door.dialect === 'bare') resolve(new Uint8Array());
			else this.#write(Uint8Array.of(SYNC, 0, 1, 0));
		});
		this.socket.on('message', (data: Buffer) => this.#read(data, resolve));
	}

	#read(frame: Buffer, synced: (state: Uint8Array) => void): void {
		const at = this.#prefix.length;
		const type = frame[at];
		if (type !== SYNC && type !== SYNC_REPLY) return;
		const step = frame[at + 1];
		// Our state is empty whenever we are asked for it.
		if (step === 0) return this.#write(Uint8Array.of(SYNC, 1, 2, 0, 0));
		const update = bodyOf(frame, at + 2);
		this.#received.push(update);
		if (step === 1) synced(update);
		else this.onUpdate?.(update);
	}

	/** Brings the document up to what was received. */
	apply(): void {
		if (this.#received.length === 0) return;
		const received = this.#received;
		this.#received = [];
		this.doc.transact(() => {
			for (const update of received) Y.applyUpdate(this.doc, update, this);
		}, this);
	}

	/** One frame of an update, as `write` takes it. */
	frameOf(update: Uint8Array): Uint8Array {
		return encoding.encode((encoder) => {
			encoding.writeUint8Array(encoder, this.#prefix);
			encoding.writeVarUint(encoder, SYNC);
			encoding.writeVarUint(encoder, 2);
			encoding.writeVarUint8Array(encoder, update);
		});
	}

	write(frame: Uint8Array): void {
		this.socket.send(frame);
	}

	#write(message: Uint8Array): void {
		this.socket.send(Buffer.concat([this.#prefix, message]));
	}

	/** Equal for clients with equal documents: text, and who wrote how much of it. */
	digest(): string {
		this.apply();
		const vector = [...Y.decodeStateVector(Y.encodeStateVector(this.doc))].sort(
			([a], [b]) => a - b,
		);
		const text = this.doc.getText('text').toString();
		return createHash('sha256')
			.update(JSON.stringify([text, vector]))
			.digest('hex');
	}

	close(): void {
		this.socket.terminate();
		this.doc.destroy();
	}
}

/** Hocuspocus puts the document's name in front of every message. */
function prefixOf({ dialect, room }: Door): Uint8Array {
	if (dialect !== 'hocuspocus') return new Uint8Array();
	return encoding.encode((encoder) => encoding.writeVarString(encoder, room));
}

/** varUint length, then so many bytes. */
function bodyOf(frame: Buffer, at: number): Uint8Array {
	let length = 0;
	for (let shift = 1; ; shift *= 128) {
		const byte = frame[at]!;
		at += 1;
		length += (byte & 127) * shift;
		if (byte < 128) return frame.subarray(at, at + length);
	}
}
