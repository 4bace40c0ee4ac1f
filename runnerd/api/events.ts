// What happened, numbered within this launch and kept for a while, so that a reader who was away
// goes on where it was.

import type { ServerResponse } from 'node:http';
import type { RunnerEventBody, RunnerEventLine } from '@containrlab/protocol/events.ts';
import { newId } from '@containrlab/protocol/id.ts';

const KEPT_EVENTS = 20_000;
const KEPT_BYTES = 16 * 1024 * 1024;
/** Unsent bytes after which a reader is cut off; it resumes by number. */
const READER_BYTES = 8 * 1024 * 1024;
const BEAT_MS = 15_000;

type Hello = Extract<RunnerEventLine, { line: 'hello' }>;

export class EventLog {
	readonly launch = newId();
	#lines: string[] = [];
	#bytes = 0;
	/** The number of the oldest line kept. */
	#first = 1;
	#readers = new Set<ServerResponse>();
	#beat = setInterval(() => this.#send(encode({ line: 'beat' })), BEAT_MS).unref();

	/** Whether anybody listens: what is large and can be missed isn't kept for who may come back. */
	get attended(): boolean {
		return this.#readers.size > 0;
	}

	emit(event: RunnerEventBody): void {
		const seq = this.#first + this.#lines.length;
		const line = encode({ line: 'event', seq, at: Date.now(), event });
		this.#lines.push(line);
		this.#bytes += line.length;
		let surplus = Math.max(0, this.#lines.length - KEPT_EVENTS);
		for (let over = this.#bytes - KEPT_BYTES, at = 0; over > 0 && at < this.#lines.length; at++) {
			over -= this.#lines[at]!.length;
			surplus = Math.max(surplus, at + 1);
		}
		for (const dropped of this.#lines.splice(0, surplus)) this.#bytes -= dropped.length;
		this.#first += surplus;
		this.#send(line);
	}

	/**
	 * Answers a reader that has seen event `after` of `launch`. One that can't go on there (another
	 * launch, too long away) gets the states as they are and all events still kept.
	 */
	stream(
		response: ServerResponse,
		launch: string,
		after: number,
		sessions: Hello['sessions'],
	): void {
		const next = this.#first + this.#lines.length;
		const continues = launch === this.launch && after + 1 >= this.#first && after < next;
		const from = continues ? after + 1 : this.#first;
		response.writeHead(200, {
			'content-type': 'application/x-ndjson',
			'cache-control': 'no-store',
		});
		response.write(encode({ line: 'hello', launch: this.launch, from, sessions }));
		response.write(this.#lines.slice(from - this.#first).join(''));
		this.#readers.add(response);
		response.on('close', () => this.#readers.delete(response));
	}

	close(): void {
		clearInterval(this.#beat);
		for (const reader of this.#readers) reader.end();
	}

	#send(line: string): void {
		for (const reader of this.#readers) {
			if (reader.writableLength > READER_BYTES) reader.destroy();
			else reader.write(line);
		}
	}
}

const encode = (line: RunnerEventLine): string => `${JSON.stringify(line)}\n`;
