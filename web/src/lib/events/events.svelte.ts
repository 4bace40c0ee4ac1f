// What happens, as it happens: this page's end of the event stream that all its tabs share.

import type { BrowserEvent, Presence } from '@containrlab/protocol/events.ts';
import { EventHub } from './hub.ts';
import type { ToPage, ToWorker } from './messages.ts';
import { openEventSource } from './source.ts';
import { whileVisible } from './while-visible.ts';

type Listener = (event: BrowserEvent) => void;
type Watcher = (presence: Presence) => void;

export class Events {
	/** The stream is up; undefined until it first was or wasn't. */
	connected = $state<boolean>();
	readonly #listeners = new Set<Listener>();
	readonly #watchers = new Set<Watcher>();
	readonly #user: string;
	#after: number;

	/** `after` is the last event that the page as rendered already holds. */
	constructor(user: string, after: number) {
		this.#user = user;
		this.#after = after;
	}

	/** Listens until the returned function is called. */
	on(listener: Listener): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	/** Watches who is where, which staff alone are told, until the returned function is called. */
	onPresence(watcher: Watcher): () => void {
		this.#watchers.add(watcher);
		return () => this.#watchers.delete(watcher);
	}

	/** Opens or joins the stream; the returned function leaves it. */
	start(): () => void {
		return typeof SharedWorker === 'undefined' ? this.#alone() : this.#shared();
	}

	#shared(): () => void {
		// One worker per user: after a change of sign-in, tabs must not share the other's stream.
		const worker = new SharedWorker(new URL('./worker.ts', import.meta.url), {
			type: 'module',
			name: `events-${this.#user}`,
		});
		const say = (message: ToWorker) => worker.port.postMessage(message);
		const leave = () => say({ type: 'leave' });
		const join = () => say({ type: 'subscribe', after: this.#after });
		// A page that comes back from the browser's cache has left on its way out.
		const shown = ({ persisted }: PageTransitionEvent) => persisted && join();
		worker.port.onmessage = ({ data }: MessageEvent<ToPage>) => {
			if (data.type === 'connected') this.connected = data.up;
			else if (data.type === 'presence') this.#tell(data.presence);
			else this.#dispatch(data.id, data.event);
		};
		join();
		addEventListener('pagehide', leave);
		addEventListener('pageshow', shown);
		return () => {
			removeEventListener('pagehide', leave);
			removeEventListener('pageshow', shown);
			leave();
			worker.port.close();
		};
	}

	/** What happens meanwhile is read when the tab is looked at again. */
	#alone(): () => void {
		return whileVisible(() =>
			new EventHub(openEventSource).subscribe({
				after: this.#after,
				event: ({ id, event }) => this.#dispatch(id, event),
				presence: (presence) => this.#tell(presence),
				connected: (up) => (this.connected = up),
			}),
		);
	}

	#tell(presence: Presence): void {
		for (const watcher of this.#watchers) watcher(presence);
	}

	#dispatch(id: number, event: BrowserEvent): void {
		this.#after = id;
		for (const listener of this.#listeners) listener(event);
	}
}
