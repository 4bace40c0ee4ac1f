// One event stream for any number of readers: resumes by id after every break, and gives each
// reader everything after what it has seen, once and in order. Knows no worker and no page.

import { BrowserEvent, Presence } from '@containrlab/protocol/events.ts';
import type { z } from 'zod';
import { backoffMs } from '#lib/backoff.ts';

export type Numbered = { id: number; event: BrowserEvent };
export type Reader = {
	/** Id of the last event that this reader knows of. */
	after: number;
	event: (numbered: Numbered) => void;
	/** Who is where, as it happens: not kept for readers that come later. */
	presence?: (presence: Presence) => void;
	/** Whether the stream is up. */
	connected: (up: boolean) => void;
};

/** The part of an EventSource that the hub uses. */
export type Source = {
	onopen: (() => void) | null;
	onmessage: ((message: { lastEventId: string; data: string }) => void) | null;
	onpresence: ((data: string) => void) | null;
	onerror: (() => void) | null;
	close: () => void;
};

/** Events kept for readers that come later with an older id. */
const KEPT = 500;

export class EventHub {
	readonly #open: (after: number) => Source;
	readonly #wait: (ms: number, then: () => void) => () => void;
	readonly #readers = new Set<Reader>();
	#source: Source | undefined;
	#cancelRetry: (() => void) | undefined;
	#attempt = 0;
	#up = false;
	/** Everything after this id … */
	#from = 0;
	/** … up to this one has been received; the kept ones are all of them. */
	#last = 0;
	#kept: Numbered[] = [];

	constructor(open: (after: number) => Source, wait = waitInPage) {
		this.#open = open;
		this.#wait = wait;
	}

	/** Adds a reader; the returned function removes it. The stream lives while it has readers. */
	subscribe(reader: Reader): () => void {
		this.#readers.add(reader);
		const running = this.#source !== undefined || this.#cancelRetry !== undefined;
		if (!running || reader.after < this.#from) this.#restart(reader.after);
		else {
			for (const numbered of this.#kept) deliver(reader, numbered);
			reader.connected(this.#up);
		}
		return () => {
			this.#readers.delete(reader);
			if (this.#readers.size === 0) this.#stop();
		};
	}

	/** Reads again from further back; other readers pass over what they have seen. */
	#restart(after: number): void {
		this.#stop();
		this.#kept = [];
		this.#from = after;
		this.#last = after;
		this.#attempt = 0;
		this.#connect();
	}

	#stop(): void {
		this.#cancelRetry?.();
		this.#cancelRetry = undefined;
		this.#source?.close();
		this.#source = undefined;
		this.#up = false;
	}

	#connect(): void {
		this.#cancelRetry = undefined;
		const source = this.#open(this.#last);
		this.#source = source;
		source.onopen = () => {
			if (this.#source !== source) return;
			this.#attempt = 0;
			this.#tell(true);
		};
		source.onmessage = (message) => {
			if (this.#source === source) this.#receive(message);
		};
		source.onpresence = (data) => {
			const presence = this.#source === source ? parse(Presence, data) : undefined;
			if (presence) for (const reader of this.#readers) reader.presence?.(presence);
		};
		source.onerror = () => {
			if (this.#source !== source) return;
			// An EventSource gives up for good on any answer but 200, a proxy's 502 too: ours don't.
			this.#stop();
			this.#tell(false);
			this.#cancelRetry = this.#wait(backoffMs(this.#attempt++), () => this.#connect());
		};
	}

	#receive(message: { lastEventId: string; data: string }): void {
		const id = Number(message.lastEventId);
		if (!Number.isSafeInteger(id) || id <= this.#last) return;
		this.#last = id;
		const event = parse(BrowserEvent, message.data);
		if (!event) return;
		const numbered = { id, event };
		this.#kept.push(numbered);
		if (this.#kept.length > KEPT) this.#from = this.#kept.shift()!.id;
		for (const reader of this.#readers) deliver(reader, numbered);
	}

	#tell(up: boolean): void {
		this.#up = up;
		for (const reader of this.#readers) reader.connected(up);
	}
}

function deliver(reader: Reader, numbered: Numbered): void {
	if (numbered.id <= reader.after) return;
	reader.after = numbered.id;
	reader.event(numbered);
}

/** Undefined for events of a newer server, which this page can't show. */
function parse<T>(schema: z.ZodType<T>, data: string): T | undefined {
	try {
		return schema.safeParse(JSON.parse(data)).data;
	} catch {
		return undefined;
	}
}

function waitInPage(ms: number, then: () => void): () => void {
	const timer = setTimeout(then, ms);
	return () => clearTimeout(timer);
}
