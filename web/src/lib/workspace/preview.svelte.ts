// What the sandbox serves, as this page knows it, and the one that is shown.

import { z } from 'zod';
import { Port } from '@containrlab/protocol/preview.ts';
import { whileVisible } from '#lib/events/while-visible.ts';

const List = z.object({ ports: z.array(Port) });
const Link = z.object({ kind: z.enum(['own', 'shared', 'off']), url: z.string().nullable() });

/** Whoever doesn't ask for so long isn't told of changes any more; runnerd forgets after more. */
const ASK_MS = 60_000;

export type Frame = { url: string; kind: 'own' | 'shared'; port: number };

export class Preview {
	/** Somebody listens there, the lowest first. */
	ports = $state.raw<readonly number[]>([]);
	port = $state<number>();
	path = $state('/');
	/** What the panel shows; another object for each load. */
	frame = $state.raw<Frame>();
	/** Nobody told this classroom how to show previews. */
	off = $state(false);
	problem = $state<string>();

	readonly #url: string;
	#told = 0;
	#loads = 0;

	constructor(workspace: string) {
		this.#url = `/w/${workspace}/preview`;
	}

	/** Keeps the list fresh while somebody looks; the returned function stops that. */
	start(): () => void {
		return whileVisible(() => {
			void this.ask();
			const timer = setInterval(() => void this.ask(), ASK_MS);
			return () => clearInterval(timer);
		});
	}

	async ask(): Promise<void> {
		const told = this.#told;
		try {
			const list = List.safeParse(await (await fetch(this.#url)).json());
			// What was told meanwhile is newer.
			if (list.success && told === this.#told) this.#take(list.data.ports);
		} catch {
			// The next time.
		}
	}

	happened({ ports }: { ports: readonly number[] }): void {
		this.#told += 1;
		this.#take(ports);
	}

	show(port: number, path = '/'): Promise<void> {
		this.port = port;
		this.path = path;
		return this.load();
	}

	/** By a new pass each time: the one before may be over. */
	async load(): Promise<void> {
		const { port, path } = this;
		if (port === undefined) return;
		const load = ++this.#loads;
		const problem = 'The preview can’t be opened just now. Try again in a moment.';
		try {
			const response = await fetch(this.#url, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify({ port, path }),
			});
			const link = Link.parse(await response.json());
			if (load !== this.#loads) return;
			this.problem = undefined;
			const { kind, url } = link;
			this.off = kind === 'off';
			this.frame = kind === 'off' || url === null ? undefined : { kind, url, port };
		} catch {
			if (load === this.#loads) this.problem = problem;
		}
	}

	/** Leads to a tab of its own; the server answers with the preview's address. */
	get tabUrl(): string {
		return `${this.#url}/${this.port}?path=${encodeURIComponent(this.path)}`;
	}

	#take(ports: readonly number[]): void {
		const began = ports.filter((port) => !this.ports.includes(port));
		this.ports = ports;
		if (this.port === undefined) this.port = ports[0];
		// It was waited for.
		else if (this.frame && began.includes(this.port)) void this.load();
	}
}
