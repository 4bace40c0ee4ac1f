// The byte streams of `docker exec` without a terminal. Each frame on the wire is
//   u8 stream (0 stdin, 1 stdout, 2 stderr) · 3 zero bytes · u32 BE length · that many bytes

import { Duplex } from 'node:stream';
import type { OutputStream } from '../sandboxes/handle.ts';
import { translate } from './errors.ts';

const HEADER = 8;

/** Cuts the engine's stream into pieces of stdout and stderr; keeps at most one header. */
export class ExecDemux {
	#header = Buffer.alloc(HEADER);
	#have = 0;
	#left = 0;
	#stream: OutputStream = 'stdout';

	*push(chunk: Buffer): Generator<{ stream: OutputStream; data: Buffer }> {
		let at = 0;
		while (at < chunk.length) {
			if (this.#left === 0) {
				const taken = chunk.copy(this.#header, this.#have, at, at + HEADER - this.#have);
				at += taken;
				this.#have += taken;
				if (this.#have < HEADER) return;
				this.#have = 0;
				this.#left = this.#header.readUInt32BE(4);
				this.#stream = this.#header[0] === 2 ? 'stderr' : 'stdout';
				continue;
			}
			const data = chunk.subarray(at, at + this.#left);
			at += data.length;
			this.#left -= data.length;
			yield { stream: this.#stream, data };
		}
	}
}

/** Collects the beginning of an output, up to `limit` bytes. */
export class BoundedOutput {
	#chunks: Buffer[] = [];
	#size = 0;
	#limit: number;
	truncated = false;

	constructor(limit: number) {
		this.#limit = limit;
	}

	push(chunk: Buffer): void {
		const room = this.#limit - this.#size;
		if (chunk.length > room) this.truncated = true;
		if (room <= 0) return;
		const part = chunk.subarray(0, room);
		this.#chunks.push(part);
		this.#size += part.length;
	}

	toString(): string {
		return Buffer.concat(this.#chunks).toString('utf8');
	}
}

/** An exec as a plain byte stream: writes go to its stdin, reads come from its stdout. */
export function execDuplex(socket: Duplex, onStderr: (data: Buffer) => void): Duplex {
	const demux = new ExecDemux();
	const duplex = new Duplex({
		read() {
			socket.resume();
		},
		write(chunk, _encoding, done) {
			if (socket.write(chunk)) done();
			else socket.once('drain', done);
		},
		final(done) {
			socket.end(done);
		},
		destroy(error, done) {
			socket.destroy();
			done(error);
		},
	});
	socket.on('data', (chunk: Buffer) => {
		for (const { stream, data } of demux.push(chunk)) {
			if (stream === 'stderr') onStderr(data);
			else if (!duplex.push(data)) socket.pause();
		}
	});
	socket.on('end', () => duplex.push(null));
	socket.on('close', () => duplex.destroy());
	socket.on('error', (error) => duplex.destroy(error));
	return duplex;
}

export type Exchange = {
	stdin?: Uint8Array | string;
	onOutput: (stream: OutputStream, chunk: Buffer) => void;
	/** Gives up waiting; does not end the command (Docker can't). */
	signal: AbortSignal;
};

/** Feeds stdin, hands on the output, and resolves when the command closed it; rejects when the stream
 * broke or `signal` was aborted, with its reason. */
export function consume(stream: Duplex, { stdin, onOutput, signal }: Exchange): Promise<void> {
	return new Promise((resolve, reject) => {
		const demux = new ExecDemux();
		const abort = () => stream.destroy(signal.reason instanceof Error ? signal.reason : undefined);
		signal.addEventListener('abort', abort, { once: true });
		stream.on('data', (chunk: Buffer) => {
			try {
				for (const { stream: name, data } of demux.push(chunk)) onOutput(name, data);
			} catch (error) {
				stream.destroy(error instanceof Error ? error : new Error(String(error)));
			}
		});
		let failure: Error | undefined;
		stream.on('error', (error: NodeJS.ErrnoException) => {
			// The command ended before it read all of its input: its exit code says what that means.
			if (error.code !== 'EPIPE') failure = error;
		});
		stream.on('close', () => {
			signal.removeEventListener('abort', abort);
			if (signal.aborted) reject(signal.reason as Error);
			else if (failure) reject(translate(failure));
			else resolve();
		});
		if (stdin !== undefined) stream.end(stdin);
	});
}
