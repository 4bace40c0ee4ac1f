// One attempt while it is looked at: its phases as they run, and its page anew with each verdict.

import type { BrowserEvent } from '@containrlab/protocol/events.ts';
import { Events } from '#lib/events/events.svelte.ts';

type AttemptEvent = Extract<BrowserEvent, { type: 'attempt' }>;
type Followed = {
	me: string;
	/** The last event that the page as rendered already holds. */
	after: number;
	attempt: string;
	workspace: string;
	reload: () => Promise<void>;
};

export class LiveAttempt {
	/** As last heard; undefined while the page's own data is the newest. */
	status = $state<AttemptEvent['status']>();
	phases = $state.raw<AttemptEvent['phases']>();
	readonly #followed: Followed;
	readonly #events: Events;

	constructor(followed: Followed) {
		this.#followed = followed;
		this.#events = new Events(followed.me, followed.after);
	}

	/** The stream is up; undefined until it first was or wasn't. */
	get connected(): boolean | undefined {
		return this.#events.connected;
	}

	/** Listens until the returned function is called. */
	start(): () => void {
		const { attempt, workspace, reload } = this.#followed;
		this.#events.on((event) => {
			if (event.type !== 'attempt' || event.workspace !== workspace) return;
			if (event.attempt !== attempt) {
				// Its neighbour: there may be a next one now.
				if (event.status === 'queued') void reload();
				return;
			}
			this.status = event.status;
			this.phases = event.phases;
			if (event.status !== 'running' || event.phases.length === 0) void reload();
		});
		return this.#events.start();
	}
}
