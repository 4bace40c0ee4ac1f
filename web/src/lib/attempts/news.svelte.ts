// What happens to attempts while a list of them is shown: the list itself doesn't move.

import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { Events } from '#lib/events/events.svelte.ts';
import type { AttemptStatus } from './AttemptsTable.svelte';

type Listed = { me: string; after: number; concerns: (event: AttemptEvent) => boolean };
type AttemptEvent = { class?: string | undefined; workspace: string };

export class AttemptNews {
	/** As they stand now, of those that changed. */
	readonly statuses = new SvelteMap<string, AttemptStatus>();
	/** Submitted since the list was read. */
	readonly added = new SvelteSet<string>();
	readonly #events: Events;
	readonly #concerns: Listed['concerns'];

	/** `after`: the last event that the list as read already holds. */
	constructor({ me, after, concerns }: Listed) {
		this.#events = new Events(me, after);
		this.#concerns = concerns;
	}

	/** The stream is up; undefined until it first was or wasn't. */
	get connected(): boolean | undefined {
		return this.#events.connected;
	}

	/** Listens until the returned function is called. */
	start(): () => void {
		this.#events.on((event) => {
			if (event.type !== 'attempt' || !this.#concerns(event)) return;
			this.statuses.set(event.attempt, event.status);
			if (event.status === 'queued' && !event.again) this.added.add(event.attempt);
		});
		return this.#events.start();
	}
}
