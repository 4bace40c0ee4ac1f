// One running helper: requests out, answers and news in, until its stream ends.

import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { HelperLine, troubleOf, type HelperRequest, type Trouble } from './helper-lines.ts';

/** A disk that was in use when its machine died is repaired first, which may take a while. */
const ANSWER_MS = 120_000;

type Waiting = { resolve(ok: unknown): void; reject(cause: Error): void };

export class HelperLink {
	/** Settles when it is over, and never rejects. */
	readonly ended: Promise<void>;
	#stream: Duplex;
	#waiting = new Map<number, Waiting>();
	#next = 1;
	#over = false;
	#disks = Promise.withResolvers<string | null>();

	constructor(stream: Duplex, onTrouble: (trouble: Trouble) => void) {
		this.#stream = stream;
		this.#disks.promise.catch(() => {});
		stream.on('error', () => stream.destroy());
		const lines = createInterface({ input: stream, crlfDelay: Infinity });
		lines.on('error', () => stream.destroy());
		lines.on('line', (text) => {
			const line = HelperLine.safeParse(parsed(text));
			if (line.success) this.#take(line.data, onTrouble);
			else stream.destroy();
		});
		this.ended = new Promise((resolve) =>
			stream.on('close', () => {
				this.#over = true;
				const gone = new Error('the helper on the engine’s machine ended');
				for (const { reject } of this.#waiting.values()) reject(gone);
				this.#disks.reject(gone);
				resolve();
			}),
		);
	}

	/** Null when disks can be had there, else why not. Rejects when it ends before it said so. */
	get disks(): Promise<string | null> {
		return this.#disks.promise;
	}

	get over(): boolean {
		return this.#over;
	}

	async ask(request: HelperRequest): Promise<unknown> {
		if (this.#over) throw new Error('the helper on the engine’s machine ended');
		const n = this.#next++;
		const { promise, resolve, reject } = Promise.withResolvers<unknown>();
		const late = setTimeout(() => reject(new Error(`no answer to ${request.do}`)), ANSWER_MS);
		this.#waiting.set(n, { resolve, reject });
		this.#stream.write(`${JSON.stringify({ n, ...request })}\n`);
		try {
			return await promise;
		} finally {
			clearTimeout(late);
			this.#waiting.delete(n);
		}
	}

	/** The helper ends with its input, and the engine removes it. */
	close(): void {
		this.#stream.destroy();
	}

	#take(line: HelperLine, onTrouble: (trouble: Trouble) => void): void {
		if ('disks' in line) return this.#disks.resolve(line.disks);
		if ('n' in line) {
			const waiting = this.#waiting.get(line.n);
			if ('error' in line) waiting?.reject(new Error(line.error));
			else waiting?.resolve(line.ok);
			return;
		}
		const trouble = troubleOf(line);
		if (trouble) onTrouble(trouble);
	}
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
