// How much memory the engine's host has left. The engine may be on another machine, so a tiny helper
// of ours there reads it: one line in, one figure out. It ends with our connection, whatever ends us.

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../engine/engine.ts';
import type { Log } from '../log.ts';

/** A figure is as good as new for so long. */
const FRESH_MS = 500;
/** The machine may be very busy; an older figure than this says nothing. */
const ANSWER_MS = 5000;
const RETRY_MS = 5000;

/** bash alone, no process for each figure. Answers in kB, as the kernel does. */
const READ_MEMORY = `while read -r _; do
	while read -r name value _; do
		[ "$name" = MemAvailable: ] && echo "$value"
	done < /proc/meminfo
done`;

export type MemoryFigure = {
	/** Bytes that could be used before the machine runs out. */
	available: number;
	/** By `performance.now()`. */
	at: number;
};

export interface MemorySource {
	/** Undefined when nobody can tell. */
	read(): Promise<MemoryFigure | undefined>;
}

export class MemoryMeter implements MemorySource, AsyncDisposable {
	#engine: Engine;
	#image: string;
	#log: Log;
	#stream: Duplex | undefined;
	#lines: AsyncIterator<string> | undefined;
	#last: MemoryFigure | undefined;
	#reading: Promise<MemoryFigure | undefined> | undefined;
	#closed = new AbortController();
	#keeping: Promise<void> | undefined;

	constructor(engine: Engine, image: string, log: Log) {
		this.#engine = engine;
		this.#image = image;
		this.#log = log;
	}

	/** Keeps a helper running; until the first one answers, nobody can tell. */
	open(): void {
		this.#keeping ??= this.#keep();
	}

	read(): Promise<MemoryFigure | undefined> {
		if (this.#last && performance.now() - this.#last.at < FRESH_MS) {
			return Promise.resolve(this.#last);
		}
		this.#reading ??= this.#ask().finally(() => (this.#reading = undefined));
		return this.#reading;
	}

	async #ask(): Promise<MemoryFigure | undefined> {
		const stream = this.#stream;
		if (!stream || !this.#lines) return undefined;
		const at = performance.now();
		stream.write('\n');
		const late = sleep(ANSWER_MS, undefined, { ref: false });
		const line = await Promise.race([this.#lines.next(), late]);
		const available = Number(line?.value) * 1024;
		if (!Number.isSafeInteger(available) || available <= 0) {
			// Answers would from now on belong to other questions.
			stream.destroy();
			return undefined;
		}
		return (this.#last = { available, at });
	}

	async #keep(): Promise<void> {
		const { signal } = this.#closed;
		while (!signal.aborted) {
			try {
				const program = ['bash', '-c', READ_MEMORY];
				const stream = await this.#engine.openHelper(this.#image, program);
				this.#stream = stream;
				this.#lines = createInterface({ input: stream })[Symbol.asyncIterator]();
				signal.addEventListener('abort', () => stream.destroy(), { once: true });
				if (signal.aborted) stream.destroy();
				await once(stream, 'close');
			} catch (cause) {
				if (!signal.aborted) this.#log.warn('the memory in use can not be measured', { cause });
			} finally {
				this.#stream = this.#lines = this.#last = undefined;
			}
			await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
		}
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#closed.abort(new Error('runnerd stops'));
		await this.#keeping;
	}
}
