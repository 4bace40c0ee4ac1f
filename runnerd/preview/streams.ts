// Connections to the ports of one sandbox, many over one connection to its agent; each with a window
// both ways, so that a slow one neither holds up the others nor grows our memory.

import { Duplex } from 'node:stream';
import { z } from 'zod';
import type { AgentClient } from '../agent/client.ts';

/** As in sandbox/agent/preview.py: bytes on their way in each direction of one stream. */
const WINDOW = 256 * 1024;
const PIECE = 32 * 1024;
export const STREAMS_MAX = 64;
const OPEN_MS = 10_000;

const Numbered = z.looseObject({ stream: z.number().int() });
const Acknowledged = Numbered.extend({ bytes: z.number().int().nonnegative().max(WINDOW) });
const Closed = Numbered.extend({ code: z.string().max(100) });

/** `nobody-listens` is the student's to mend; the others pass or are ours. */
export type PreviewRefusalCode = 'nobody-listens' | 'too-many' | 'sandbox-away';

export class PreviewRefused extends Error {
	readonly code: PreviewRefusalCode;

	constructor(code: PreviewRefusalCode, options?: ErrorOptions) {
		super(code, options);
		this.code = code;
	}
}

export class PreviewStreams {
	readonly #client: AgentClient;
	readonly #streams = new Map<number, PreviewStream>();
	#next = 1;

	constructor(client: AgentClient) {
		this.#client = client;
		client.on('preview.opened', (header) => this.#find(Numbered, header)?.stream.opened());
		client.on('preview.data', (header, body) => this.#data(header, body));
		client.on('preview.ack', (header) => {
			const found = this.#find(Acknowledged, header);
			found?.stream.acknowledged(found.header.bytes);
		});
		client.on('preview.end', (header) => this.#find(Numbered, header)?.stream.theirEnd());
		client.on('preview.closed', (header) => {
			const found = this.#find(Closed, header);
			if (!found) return;
			this.#streams.delete(found.header.stream);
			found.stream.theirClose(found.header.code);
		});
		void client.closed.then((cause) => {
			for (const stream of this.#streams.values()) stream.lost(cause);
			this.#streams.clear();
		});
	}

	get count(): number {
		return this.#streams.size;
	}

	/** Resolves when somebody answers at the port; rejects with PreviewRefused. */
	open(port: number): Promise<Duplex> {
		if (this.#streams.size >= STREAMS_MAX) return Promise.reject(new PreviewRefused('too-many'));
		const number = this.#next++;
		const stream = new PreviewStream({
			say: (op, header, body) => {
				this.#client.notify(`preview.${op}`, { stream: number, ...header }, body);
			},
			gone: () => this.#streams.delete(number),
		});
		this.#streams.set(number, stream);
		this.#client.request('preview.open', { stream: number, port }).then(
			(reply) => {
				if (!reply.ok) stream.theirClose(reply.code);
			},
			(cause: unknown) => stream.lost(cause),
		);
		return stream.answered;
	}

	#data(header: Record<string, unknown>, body: Buffer): void {
		const found = this.#find(Numbered, header);
		// An agent that doesn't keep to its window is not ours any more.
		if (found && !found.stream.data(body)) this.#client.close();
	}

	#find<T extends z.infer<typeof Numbered>>(schema: z.ZodType<T>, header: unknown) {
		const parsed = schema.safeParse(header);
		const stream = parsed.success ? this.#streams.get(parsed.data.stream) : undefined;
		return parsed.data && stream && { header: parsed.data, stream };
	}
}

type Wire = {
	say(op: 'data' | 'ack' | 'end' | 'closed', header: object, body?: Uint8Array): void;
	gone(): void;
};

class PreviewStream extends Duplex {
	readonly answered: Promise<Duplex>;
	readonly #wire: Wire;
	readonly #answer = Promise.withResolvers<Duplex>();
	readonly #timer = setTimeout(() => this.lost(new Error('nobody answered in time')), OPEN_MS);
	/** Received and not read yet; at most a window. */
	readonly #received: Buffer[] = [];
	#waiting = 0;
	#unacked = 0;
	#theirEnd: 'no' | 'said' | 'read' = 'no';
	#wanted = false;
	#room = WINDOW;
	#afterRoom: (() => void) | undefined;
	#over = false;

	constructor(wire: Wire) {
		super({ readableHighWaterMark: PIECE, writableHighWaterMark: PIECE, allowHalfOpen: true });
		this.#wire = wire;
		this.answered = this.#answer.promise;
		this.on('error', () => {});
	}

	opened(): void {
		clearTimeout(this.#timer);
		this.#answer.resolve(this);
	}

	/** False when it is more than the window holds. */
	data(body: Buffer): boolean {
		if (this.#waiting + this.#unacked + body.length > WINDOW + PIECE) return false;
		this.#waiting += body.length;
		this.#received.push(body);
		this.#flow();
		return true;
	}

	acknowledged(bytes: number): void {
		this.#room = Math.min(WINDOW, this.#room + bytes);
		const after = this.#afterRoom;
		this.#afterRoom = undefined;
		after?.();
	}

	theirEnd(): void {
		if (this.#theirEnd === 'no') this.#theirEnd = 'said';
		this.#flow();
	}

	/** What they sent before is still read. */
	theirClose(code: string): void {
		this.#over = true;
		const known = code === 'nobody-listens' || code === 'too-many';
		this.#answer.reject(new PreviewRefused(known ? code : 'sandbox-away'));
		if (code === 'ended' || this.#theirEnd !== 'no') this.theirEnd();
		else this.destroy(new Error(`the app's connection: ${code}`));
	}

	lost(cause: unknown): void {
		this.#over = true;
		this.#answer.reject(new PreviewRefused('sandbox-away', { cause }));
		this.destroy(new Error('the sandbox is away', { cause }));
	}

	override _read(): void {
		this.#wanted = true;
		this.#flow();
	}

	override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
		if (this.#over) return done(new Error('the app has closed its connection'));
		const now = chunk.subarray(0, Math.min(this.#room, PIECE));
		if (now.length > 0) {
			this.#room -= now.length;
			this.#wire.say('data', {}, now);
		}
		const rest = chunk.subarray(now.length);
		if (rest.length === 0) done();
		else if (this.#room > 0) this._write(rest, _encoding, done);
		else this.#afterRoom = () => this._write(rest, _encoding, done);
	}

	override _final(done: () => void): void {
		if (!this.#over) this.#wire.say('end', {});
		done();
	}

	override _destroy(error: Error | null, done: (error: Error | null) => void): void {
		clearTimeout(this.#timer);
		this.#answer.reject(new PreviewRefused('sandbox-away'));
		this.#wire.gone();
		if (!this.#over) this.#wire.say('closed', { code: 'gone' });
		this.#over = true;
		this.#afterRoom?.();
		done(error);
	}

	#flow(): void {
		while (this.#wanted && this.#received.length > 0) {
			const piece = this.#received.shift()!;
			this.#waiting -= piece.length;
			this.#unacked += piece.length;
			this.#wanted = this.push(piece);
		}
		if (this.#received.length === 0 && this.#theirEnd === 'said') {
			this.#theirEnd = 'read';
			this.push(null);
		}
		if (this.#over || this.#unacked < WINDOW / 4) return;
		this.#wire.say('ack', { bytes: this.#unacked });
		this.#unacked = 0;
	}
}
