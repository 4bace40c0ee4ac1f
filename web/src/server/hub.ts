// Hands each stored event to the browsers' streams that may see it, in the order of the table; and who
// is here, which is stored nowhere.

import type { Connection } from '@containrlab/db/connect.ts';
import {
	EVENTS_CHANNEL,
	eventsAfter,
	lastEventId,
	type StoredEvent,
} from '@containrlab/db/queries/events.ts';
import type { Presence } from '@containrlab/protocol/events.ts';
import type { Log } from './log.ts';

export const REVOCATIONS_CHANNEL = 'containrlab_revocations';
export const PRESENCE_CHANNEL = 'containrlab_presence';
const BATCH = 500;
const RETRY_MS = 1_000;

export type Listener = (event: StoredEvent) => void;
export type PresenceListener = (presence: Presence) => void;

/** What processes tell one another beside events. */
export type Notices = {
	revocation: (payload: string) => void;
	presence: (payload: string) => void;
};

export class EventHub {
	readonly #connection: Connection;
	readonly #log: Log;
	readonly #listeners = new Set<Listener>();
	readonly #watchers = new Set<PresenceListener>();
	/** The newest event handed out; undefined until the table was read once. */
	#last: number | undefined;
	#draining: Promise<void> | undefined;
	#again = false;
	#stopped = false;
	#subscriptions: { unlisten: () => Promise<void> }[] = [];
	readonly #began = Promise.withResolvers<void>();
	/** Resolves once every later event reaches listeners; what came before is in the table. */
	readonly ready = this.#began.promise;

	constructor(connection: Connection, log: Log) {
		this.#connection = connection;
		this.#log = log;
	}

	/**
	 * LISTENs, for as long as it takes; `notices` get what processes announce. The driver listens again
	 * after a lost connection, and then whatever events were announced meanwhile are read.
	 */
	async start(notices: Notices): Promise<void> {
		while (!this.#stopped) {
			try {
				const { sql } = this.#connection;
				const wake = () => void this.#drain();
				this.#subscriptions = [
					await sql.listen(REVOCATIONS_CHANNEL, notices.revocation),
					await sql.listen(PRESENCE_CHANNEL, notices.presence),
					await sql.listen(EVENTS_CHANNEL, wake, wake),
				];
				return;
			} catch (cause) {
				this.#log('warn', 'cannot listen for events yet', { cause });
				await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
			}
		}
	}

	async stop(): Promise<void> {
		this.#stopped = true;
		await Promise.allSettled(this.#subscriptions.map((each) => each.unlisten()));
		await this.#draining;
	}

	subscribe(listener: Listener): Disposable {
		this.#listeners.add(listener);
		return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
	}

	/** Who is here, from now on; streams pick those whom they may tell. */
	watch(listener: PresenceListener): Disposable {
		this.#watchers.add(listener);
		return { [Symbol.dispose]: () => void this.#watchers.delete(listener) };
	}

	tell(presence: Presence): void {
		for (const watcher of [...this.#watchers]) watcher(presence);
	}

	/** One reader at a time; a wake-up during its reading makes it read once more. */
	#drain(): Promise<void> {
		this.#again = true;
		this.#draining ??= this.#read().finally(() => {
			this.#draining = undefined;
		});
		return this.#draining;
	}

	async #read(): Promise<void> {
		while (this.#again && !this.#stopped) {
			this.#again = false;
			try {
				await this.#readOnce();
			} catch (cause) {
				this.#log('warn', 'cannot read events', { cause });
				await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
				this.#again = true;
			}
		}
	}

	async #readOnce(): Promise<void> {
		const { db } = this.#connection;
		if (this.#last === undefined) {
			// Streams read their own past from the table; the hub begins with the present.
			this.#last = await lastEventId(db);
			this.#began.resolve();
			return;
		}
		for (;;) {
			const batch: StoredEvent[] = await eventsAfter(db, this.#last, BATCH);
			for (const event of batch) {
				this.#last = event.id;
				for (const listener of [...this.#listeners]) listener(event);
			}
			if (batch.length < BATCH) return;
		}
	}
}
