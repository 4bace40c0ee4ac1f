// Two hundred event streams: how long until all of them have heard of something.

import { setTimeout as delay } from 'node:timers/promises';
import { progress, type Classroom } from './classroom.ts';
import { residentMegabytes } from './memory.ts';
import { percentile, type Row } from './report.ts';
import { Visitor } from './visitor.ts';

/** A full class with several tabs and browsers each, of as many people. */
const PEOPLE = 20;
const STREAMS_EACH = 10;
const NEWS = 20;
const SETTLE_MS = 400;

export async function measureStreams({ lesson }: Classroom): Promise<Row[]> {
	const { origin, joinCode } = lesson;
	const people: Visitor[] = [];
	for (let n = 0; n < PEOPLE; n += 1) {
		people.push(await new Visitor(origin).join(joinCode, `Listener ${n + 1}`));
	}
	await using streams = new Streams();
	for (const person of people) {
		await Promise.all(Array.from({ length: STREAMS_EACH }, () => streams.open(person)));
	}
	progress(`${streams.size} event streams are open`);
	const times: number[] = [];
	for (let n = 0; n < NEWS; n += 1) {
		// What joins before have said is over.
		await delay(SETTLE_MS);
		const all = streams.allHear('"members"');
		const asked = performance.now();
		await new Visitor(origin).join(joinCode, `Latecomer ${n + 1}`);
		times.push((await all) - asked);
	}
	const median = Math.round(percentile(times, 50));
	progress(`  join → all ${streams.size} streams: ${NEWS} samples, median ${median} ms`);
	const name = `join → ${streams.size} event streams told`;
	return [
		{ name: `${name} (p50)`, value: percentile(times, 50), unit: 'ms' },
		{ name: `${name} (p95)`, value: percentile(times, 95), unit: 'ms', target: 250 },
		{
			name: `web’s memory with ${streams.size} streams`,
			value: await residentMegabytes(lesson.pid('web')),
			unit: 'MB',
			target: 450,
		},
	];
}

class Streams implements AsyncDisposable {
	readonly #abort = new AbortController();
	readonly #listeners = new Set<(text: string) => void>();
	#size = 0;

	get size(): number {
		return this.#size;
	}

	/** Resolves when the stream has begun. */
	async open(visitor: Visitor): Promise<void> {
		const { signal } = this.#abort;
		const headers = { accept: 'text/event-stream' };
		const response = await visitor.send('/events', { headers, signal });
		if (!response.ok || !response.body) throw new Error(`/events answered ${response.status}`);
		this.#size += 1;
		const begun = Promise.withResolvers<void>();
		void this.#read(response.body, begun.resolve).catch(begun.reject);
		await begun.promise;
	}

	/** When the last of all streams heard of it. */
	allHear(what: string): Promise<number> {
		return new Promise((resolve) => {
			let left = this.#size;
			const listener = (text: string) => {
				if (!text.includes(what)) return;
				left -= 1;
				if (left > 0) return;
				this.#listeners.delete(listener);
				resolve(performance.now());
			};
			this.#listeners.add(listener);
		});
	}

	async #read(body: ReadableStream<Uint8Array>, begun: () => void): Promise<void> {
		const decoder = new TextDecoder();
		try {
			for await (const chunk of body) {
				begun();
				const text = decoder.decode(chunk, { stream: true });
				for (const listener of [...this.#listeners]) listener(text);
			}
		} catch (cause) {
			if (!this.#abort.signal.aborted) throw cause;
		}
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#abort.abort();
	}
}
