// Who is here: awareness entries, each bound to the connection that set it and stamped with who that
// is. What isn't a connection's own is dropped silently, since stock clients repeat everyone's.

import { colourOf } from '@containrlab/protocol/colour.ts';
import { SYNC_LIMITS } from '@containrlab/protocol/sync.ts';
import type { TicketUser } from '@containrlab/protocol/ticket.ts';
import { LIMITS } from './limits.ts';
import type { AwarenessEntry } from './wire.ts';

/** What the entries of one connection need to know of it. */
export interface Speaker {
	readonly user: TicketUser;
	/** Ids bound to it. */
	readonly clients: Set<number>;
	/** Whether it may have heard others' entries, so that it may be repeating them. */
	heard: boolean;
}

interface Bound<S> extends AwarenessEntry {
	speaker: S;
}

/** How long the id of a client that left stays its user's (ms): echoes of it still arrive. */
const GHOST_MS = 60_000;

export class RoomAwareness<S extends Speaker> {
	#bound = new Map<number, Bound<S>>();
	/** By user: everyone who joins is told all of it. */
	#bytes = new Map<string, number>();
	#gone = new Map<number, { userId: string; clock: number; until: number }>();
	/** What changed since `takeChanges`, and who changed it. */
	#changed = new Set<number>();
	#changers = new Set<S>();
	#ownerOf: (client: number) => string | undefined;
	#now: () => number;

	/** `ownerOf` knows whose structs a client id writes: nobody else may speak for it. */
	constructor(ownerOf: (client: number) => string | undefined, now = () => performance.now()) {
		this.#ownerOf = ownerOf;
		this.#now = now;
	}

	/** False when the connection is beyond its bounds. */
	receive(speaker: S, entries: readonly AwarenessEntry[]): boolean {
		for (const entry of entries) {
			if (!this.#isOwn(speaker, entry)) continue;
			if (entry.state.length > SYNC_LIMITS.awarenessEntry) return false;
			if (entry.state === 'null') {
				if (speaker.clients.has(entry.client)) this.#remove(entry.client, entry.clock);
				continue;
			}
			const state = stamp(entry.state, speaker.user);
			if (state === undefined) continue;
			const before = this.#bound.get(entry.client);
			const { id } = speaker.user;
			const bytes = (this.#bytes.get(id) ?? 0) + state.length - (before?.state.length ?? 0);
			if (bytes > LIMITS.awarenessPerUser) return false;
			if (!speaker.clients.has(entry.client)) {
				// Tabs of one browser tell each other who is there, and then repeat it here.
				if (speaker.clients.size >= SYNC_LIMITS.awarenessPerConnection) continue;
				before?.speaker.clients.delete(entry.client);
				speaker.clients.add(entry.client);
			}
			this.#bytes.set(id, bytes);
			this.#bound.set(entry.client, { ...entry, state, speaker });
			this.#changed.add(entry.client);
			this.#changers.add(speaker);
		}
		return true;
	}

	/**
	 * An id is a connection's own once bound to it. It can be bound when nobody else has it; and a
	 * user who comes back may take it over from a connection that isn't yet known to be dead, either
	 * before hearing anyone (so it is no echo) or with a newer clock than any that was sent out. Not so
	 * a connection that has an id already: it repeats what another tab told it.
	 */
	#isOwn(speaker: S, { client, clock }: AwarenessEntry): boolean {
		const owner = this.#ownerOf(client);
		if (owner !== undefined && owner !== speaker.user.id) return false;
		const bound = this.#bound.get(client);
		if (bound?.speaker === speaker) return clock >= bound.clock;
		if (bound && speaker.clients.size > 0) return false;
		const gone = this.#gone.get(client);
		const before = bound
			? { userId: bound.speaker.user.id, clock: bound.clock }
			: gone && gone.until > this.#now()
				? gone
				: undefined;
		if (!before) return true;
		return before.userId === speaker.user.id && (!speaker.heard || clock > before.clock);
	}

	/** The connection ended, and its entries with it. */
	leave(speaker: S): void {
		for (const client of [...speaker.clients]) this.#remove(client);
		this.#changers.delete(speaker);
	}

	#remove(client: number, clock?: number): void {
		const bound = this.#bound.get(client);
		if (!bound) return;
		bound.speaker.clients.delete(client);
		this.#bound.delete(client);
		this.#forget(bound);
		this.#changed.add(client);
		this.#changers.add(bound.speaker);
		const now = this.#now();
		for (const [id, { until }] of this.#gone) {
			if (until > now) break;
			this.#gone.delete(id);
		}
		this.#gone.delete(client);
		this.#gone.set(client, {
			userId: bound.speaker.user.id,
			clock: Math.max(bound.clock, clock ?? 0),
			until: now + GHOST_MS,
		});
	}

	#forget({ speaker, state }: Bound<S>): void {
		const { id } = speaker.user;
		const bytes = (this.#bytes.get(id) ?? 0) - state.length;
		if (bytes > 0) this.#bytes.set(id, bytes);
		else this.#bytes.delete(id);
	}

	/** What to tell everyone; `only` is the one connection that need not be told. */
	takeChanges(): { entries: AwarenessEntry[]; only: S | undefined } | undefined {
		if (this.#changed.size === 0) return undefined;
		const entries: AwarenessEntry[] = [];
		for (const client of this.#changed) {
			const { clock, state } = this.#bound.get(client) ?? {
				clock: this.#gone.get(client)?.clock ?? 0,
				state: 'null',
			};
			entries.push({ client, clock, state });
		}
		const only = this.#changers.size === 1 ? [...this.#changers][0] : undefined;
		this.#changed.clear();
		this.#changers.clear();
		return { entries, only };
	}

	all(): AwarenessEntry[] {
		return [...this.#bound.values()].map(({ client, clock, state }) => ({ client, clock, state }));
	}
}

/** The state with who it really is; undefined when it isn't a JSON object. */
function stamp(json: string, user: TicketUser): string | undefined {
	try {
		const state: unknown = JSON.parse(json);
		if (typeof state !== 'object' || state === null || Array.isArray(state)) return undefined;
		return JSON.stringify({ ...state, user: { ...user, color: colourOf(user).colour } });
	} catch {
		return undefined;
	}
}
