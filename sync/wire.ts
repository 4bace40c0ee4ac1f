// The wire: y-websocket messages as pure functions over bytes. The layout is in protocol/sync.ts;
// decoding is bounded, never throws, and answers hostile bytes with a refusal.

import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { MESSAGE, SYNC_STEP } from '@containrlab/protocol/sync.ts';
import { LIMITS } from './limits.ts';

/** An entry of an awareness message. varUint client, varUint clock, varString JSON. */
export interface AwarenessEntry {
	client: number;
	clock: number;
	/** JSON text, not yet parsed; "null" means that the client left. */
	state: string;
}

export type Message =
	| { type: 'step1'; vector: Uint8Array }
	/** `resync`: the answer to our step 1, rather than an edit. */
	| { type: 'update'; update: Uint8Array; resync: boolean }
	| { type: 'awareness'; entries: AwarenessEntry[] }
	| { type: 'query-awareness' }
	| { type: 'ticket'; token: string }
	| { type: 'malformed' };

export const MALFORMED: Message = { type: 'malformed' };

export function decodeMessage(bytes: Uint8Array): Message {
	try {
		const decoder = decoding.createDecoder(bytes);
		const message = readMessage(decoder);
		// A frame is one message: what follows it is not ours to guess.
		return decoding.hasContent(decoder) ? MALFORMED : message;
	} catch {
		return MALFORMED;
	}
}

function readMessage(decoder: decoding.Decoder): Message {
	switch (decoding.readVarUint(decoder)) {
		case MESSAGE.sync:
			return readSync(decoder);
		case MESSAGE.awareness:
			return readAwareness(decoding.readVarUint8Array(decoder));
		case MESSAGE.queryAwareness:
			return { type: 'query-awareness' };
		case MESSAGE.ticket:
			// Empty it is the server's question.
			return {
				type: 'ticket',
				token: decoding.hasContent(decoder) ? decoding.readVarString(decoder) : '',
			};
		default:
			return MALFORMED;
	}
}

function readSync(decoder: decoding.Decoder): Message {
	const step = decoding.readVarUint(decoder);
	const body = decoding.readVarUint8Array(decoder);
	switch (step) {
		case SYNC_STEP.step1:
			return { type: 'step1', vector: body };
		case SYNC_STEP.step2:
			return { type: 'update', update: body, resync: true };
		case SYNC_STEP.update:
			return { type: 'update', update: body, resync: false };
		default:
			return MALFORMED;
	}
}

/** varUint count, then the entries. */
function readAwareness(bytes: Uint8Array): Message {
	const decoder = decoding.createDecoder(bytes);
	const count = decoding.readVarUint(decoder);
	if (count > LIMITS.awarenessEntries) return MALFORMED;
	const entries: AwarenessEntry[] = [];
	for (let n = 0; n < count; n += 1) {
		entries.push({
			client: decoding.readVarUint(decoder),
			clock: decoding.readVarUint(decoder),
			state: decoding.readVarString(decoder),
		});
	}
	return decoding.hasContent(decoder) ? MALFORMED : { type: 'awareness', entries };
}

export function encodeStep1(vector: Uint8Array): Uint8Array {
	return encodeSync(SYNC_STEP.step1, vector);
}

export function encodeStep2(update: Uint8Array): Uint8Array {
	return encodeSync(SYNC_STEP.step2, update);
}

export function encodeUpdate(update: Uint8Array): Uint8Array {
	return encodeSync(SYNC_STEP.update, update);
}

/** Made by hand: it is most of what is sent, and an encoder costs more than all of it. */
function encodeSync(step: number, body: Uint8Array): Uint8Array {
	const message = Buffer.allocUnsafe(2 + varUintLength(body.length) + body.length);
	message[0] = MESSAGE.sync;
	message[1] = step;
	let at = 2;
	let left = body.length;
	for (; left > 127; left = Math.floor(left / 128)) message[at++] = 128 | (left & 127);
	message[at++] = left;
	message.set(body, at);
	return message;
}

function varUintLength(value: number): number {
	let length = 1;
	for (let left = value; left > 127; left = Math.floor(left / 128)) length += 1;
	return length;
}

export function encodeAwareness(entries: readonly AwarenessEntry[]): Uint8Array {
	const body = encoding.encode((encoder) => {
		encoding.writeVarUint(encoder, entries.length);
		for (const { client, clock, state } of entries) {
			encoding.writeVarUint(encoder, client);
			encoding.writeVarUint(encoder, clock);
			encoding.writeVarString(encoder, state);
		}
	});
	return encoding.encode((encoder) => {
		encoding.writeVarUint(encoder, MESSAGE.awareness);
		encoding.writeVarUint8Array(encoder, body);
	});
}

export function encodeDurable(count: number): Uint8Array {
	return encoding.encode((encoder) => {
		encoding.writeVarUint(encoder, MESSAGE.durable);
		encoding.writeVarUint(encoder, count);
	});
}

/** Asks for another ticket: 101, alone. */
export const TICKET_PLEASE = Uint8Array.of(MESSAGE.ticket);

/** Stock clients print the reason as a warning. */
export function encodeDenied(reason: string): Uint8Array {
	return encoding.encode((encoder) => {
		encoding.writeVarUint(encoder, MESSAGE.auth);
		encoding.writeVarUint(encoder, 0);
		encoding.writeVarString(encoder, reason);
	});
}

/**
 * What every client hears when nothing else happens: an awareness message without entries. Stock
 * clients take it without a word, and hang up on a server that is silent for 30 s.
 */
export const HEARTBEAT = encodeAwareness([]);

/** A WebSocket frame, rather than a message: written at once with the heartbeat beside it. */
export const PING = Buffer.of(0x89, 0);

/**
 * One unmasked, final, binary WebSocket frame (RFC 6455 §5.2): 0x82, then the length as 1 byte, or
 * 126 and 2 bytes, or 127 and 8 bytes, then the message. Framed once, written to every client.
 */
export function toFrame(message: Uint8Array): Buffer {
	const length = message.length;
	const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
	const frame = Buffer.allocUnsafe(header + length);
	frame[0] = 0x82;
	frame[1] = header === 2 ? length : header === 4 ? 126 : 127;
	if (header === 4) frame.writeUInt16BE(length, 2);
	if (header === 10) frame.writeBigUInt64BE(BigInt(length), 2);
	frame.set(message, header);
	return frame;
}
