// Frames between runnerd and a sandbox's agent, as pure functions over bytes.
//
//   u32 BE length of the rest | u32 BE header length | header (JSON, UTF-8) | body
//
// The same layout both ways (sandbox/agent/wire.py). The agent runs where the student is root, so
// what comes out of it is hostile: lengths are bounded before anything is kept.

import { z } from 'zod';

export const FRAME_MAX = 16 * 1024 * 1024;

export interface Frame<Header = unknown> {
	header: Header;
	body: Buffer;
}

/** What else they carry is for whoever asked to parse. */
export const AgentEvent = z.looseObject({ ev: z.string().max(100) });
export const AgentAnswer = z.discriminatedUnion('ok', [
	z.looseObject({ id: z.number().int(), ok: z.literal(true) }),
	z.looseObject({
		id: z.number().int(),
		ok: z.literal(false),
		code: z.string().max(100),
		message: z.string().max(2000),
	}),
]);

export class MalformedFrame extends Error {}

/** The bytes before the body. */
export function encodeHead(header: object, bodyLength: number): Buffer {
	const text = Buffer.from(JSON.stringify(header));
	const length = 4 + text.length + bodyLength;
	if (length > FRAME_MAX) throw new RangeError(`a frame of ${length} bytes is too large`);
	const head = Buffer.allocUnsafe(8 + text.length);
	head.writeUInt32BE(length, 0);
	head.writeUInt32BE(text.length, 4);
	text.copy(head, 8);
	return head;
}

/** Cuts a byte stream into frames; holds at most one incomplete frame. */
export class FrameReader {
	#chunks: Buffer[] = [];
	#size = 0;
	/** Bytes that complete the frame at the front, once its length is known. */
	#wanted: number | undefined;

	/** The frames that `chunk` completes. Throws MalformedFrame; the stream is then of no use. */
	*push(chunk: Buffer): Generator<Frame> {
		this.#chunks.push(chunk);
		this.#size += chunk.length;
		for (;;) {
			if (this.#wanted === undefined) {
				if (this.#size < 8) return;
				const length = this.#join().readUInt32BE(0);
				if (length < 4 || length > FRAME_MAX) throw new MalformedFrame(`length ${length}`);
				this.#wanted = 4 + length;
			}
			if (this.#size < this.#wanted) return;
			const all = this.#join();
			const frame = all.subarray(0, this.#wanted);
			this.#chunks = [all.subarray(this.#wanted)];
			this.#size -= this.#wanted;
			this.#wanted = undefined;
			yield parse(frame);
		}
	}

	#join(): Buffer {
		const [first, ...rest] = this.#chunks;
		const all = first && rest.length === 0 ? first : Buffer.concat(this.#chunks);
		this.#chunks = [all];
		return all;
	}
}

function parse(frame: Buffer): Frame {
	const headerLength = frame.readUInt32BE(4);
	if (headerLength > frame.length - 8) throw new MalformedFrame(`header length ${headerLength}`);
	const text = frame.toString('utf8', 8, 8 + headerLength);
	let header: unknown;
	try {
		header = JSON.parse(text);
	} catch (cause) {
		throw new MalformedFrame('header', { cause });
	}
	return { header, body: frame.subarray(8 + headerLength) };
}
