// What a ready workspace has beside its sandbox: the agent's client, the file flush, the
// terminals and the preview, brought up and taken down together.

import type { Duplex } from 'node:stream';
import type { Person, RunnerEventBody } from '@containrlab/protocol/events.ts';
import { z } from 'zod';
import { type AgentClient, type AgentLink, connectAgent } from '../agent/client.ts';
import { Flush } from '../flush/flush.ts';
import { SyncRoom } from '../flush/room.ts';
import type { Flood } from '../host/troubles.ts';
import type { Log } from '../log.ts';
import { Preview } from '../preview/preview.ts';
import { Terminals } from '../terminals/terminals.ts';

/** What a sandbox that ends may still take to bring its last changes home. */
const FLUSH_MS = 5000;

/** As `docker ps` shows it; the agent's word. */
const LogsFlood = z.object({ container: z.string().regex(/^[0-9a-f]{12}$/) });

export type WorkspaceFacts = {
	workspace: string;
	room: string;
	/** Lets the flush into the room; its user authors what the shell changes. */
	ticket: string;
	/** Who may type in the terminals. */
	driver: Person;
};

export type HostContext = {
	facts: WorkspaceFacts;
	openAgent(): Promise<Duplex>;
	/** Someone worked: the idle limit starts anew. */
	touch(): void;
};

/** What the lifecycle needs of a host; the API sees more of it. */
export interface HostLifecycle {
	/** Resolves when the document's files are in /workspace. */
	start(signal: AbortSignal): Promise<void>;
	update(facts: WorkspaceFacts): void;
	/** `flush`: what the sandbox holds is still brought home, within a bound; true if all of it was. */
	close(options: { flush: boolean }): Promise<boolean>;
}

export type WorkspaceHostOptions = HostContext & {
	syncUrl: string;
	emit(event: RunnerEventBody): void;
	/** Whether web hears what is emitted now. */
	attended(): boolean;
	/** More is printed than is kept or shown. */
	flood(flood: Flood): void;
	log: Log;
};

export class WorkspaceHost implements HostLifecycle {
	readonly flush: Flush;
	readonly terminals: Terminals;
	readonly preview: Preview;
	#room: SyncRoom;
	#link: AgentLink;
	#facts: WorkspaceFacts;
	#log: Log;

	constructor(options: WorkspaceHostOptions) {
		this.#facts = options.facts;
		this.#log = options.log;
		const { workspace, room, ticket, driver } = options.facts;
		const about = (message: string, detail?: object) =>
			options.log.info(message, { workspace, ...detail });
		this.#room = new SyncRoom({
			url: options.syncUrl,
			room,
			ticket,
			onRefused: (code, reason) =>
				options.log.warn('sync refused a room', { workspace, code, reason }),
		});
		this.flush = new Flush(this.#room, flushEvents(options, about));
		this.#link = connectAgent(options.openAgent, about);
		this.#link.on('connected', (client) => {
			this.#attach(client);
			client.on('logs.flood', (header) => {
				const found = LogsFlood.safeParse(header);
				if (found.success) options.flood({ kind: 'logs', workspace, ...found.data });
			});
		});
		const ended = { type: 'terminal' as const, driver: null, watchers: [], ended: true };
		this.terminals = new Terminals({
			link: this.#link,
			owner: driver,
			log: about,
			onActivity: () => options.touch(),
			onState: (terminal, driver, watchers) =>
				options.emit({ type: 'terminal', workspace, terminal, driver, watchers }),
			onRecorded: (part) => {
				if (options.attended()) options.emit({ type: 'recording', workspace, ...part });
				return options.attended();
			},
			onFlood: (terminal) => options.flood({ kind: 'terminal', workspace, terminal }),
			onEnded: (terminal) => options.emit({ ...ended, workspace, terminal }),
		});
		this.preview = new Preview({
			link: this.#link,
			openAgent: options.openAgent,
			log: about,
			onPorts: (ports) => options.emit({ type: 'ports', workspace, ports: [...ports] }),
		});
	}

	/** The terminals don't wait for this: they work as soon as the agent answers. */
	async start(signal: AbortSignal): Promise<void> {
		const attached = Promise.withResolvers<void>();
		const stop = () => attached.reject(signal.reason);
		signal.addEventListener('abort', stop, { once: true });
		this.#onAttached = attached.resolve;
		try {
			await attached.promise;
			await Promise.race([this.flush.drain(), aborted(signal)]);
		} finally {
			signal.removeEventListener('abort', stop);
		}
	}

	/** A new ticket takes effect at the room's next connection. */
	update(facts: WorkspaceFacts): void {
		if (facts.ticket === this.#facts.ticket) return;
		this.#facts = facts;
		this.#room.renew(facts.ticket);
	}

	async close({ flush }: { flush: boolean }): Promise<boolean> {
		const home = flush && (await this.#bringHome());
		this.terminals.close(flush ? 'noSandbox' : 'notReady');
		this.preview.close();
		this.#link.close();
		this.flush.close();
		return home;
	}

	async #bringHome(): Promise<boolean> {
		if (!this.#link.client) return false;
		try {
			await this.flush.drain(FLUSH_MS);
			return true;
		} catch (cause) {
			const { workspace } = this.#facts;
			this.#log.warn('the last changes stay on the volume', { workspace, cause });
			return false;
		}
	}

	#onAttached: () => void = () => {};

	#attach(client: AgentClient): void {
		this.flush.attach(client).then(
			() => this.#onAttached(),
			(cause) => {
				this.#log.warn('the files could not be attached', {
					workspace: this.#facts.workspace,
					cause,
				});
				// The link connects again.
				client.close();
			},
		);
	}
}

function flushEvents(
	{ facts: { workspace }, emit, touch }: WorkspaceHostOptions,
	log: (message: string, detail?: Record<string, unknown>) => void,
): ConstructorParameters<typeof Flush>[1] {
	return {
		warning: (code, message, path) =>
			emit({ type: 'warning', workspace, code, message, ...(path && { path }) }),
		blob: (sha, size, path) => emit({ type: 'blob', workspace, sha, size, path }),
		missingBlobs: (shas) => emit({ type: 'blobs-missing', workspace, shas }),
		activity: () => touch(),
		log,
	};
}

/** Rejects with the signal's reason. */
function aborted(signal: AbortSignal): Promise<never> {
	const { promise, reject } = Promise.withResolvers<never>();
	if (signal.aborted) reject(signal.reason);
	else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
	return promise;
}
