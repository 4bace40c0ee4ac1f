// What one workspace's sandbox serves: the ports that somebody listens on there, and ways to them.

import type { Duplex } from 'node:stream';
import { PORTS_MAX } from '@containrlab/protocol/preview.ts';
import { z } from 'zod';
import { AgentClient, type AgentLink, type AgentLog } from '../agent/client.ts';
import { PreviewRefused, PreviewStreams } from './streams.ts';

/** Whoever looks at the list says so again within this time; else nobody looks for its changes. */
const LOOKED_AT_MS = 150_000;
/** A stream of its own costs the sandbox a process: it ends when nothing was fetched for a while. */
const IDLE_MS = 60_000;
/** Changes told at once, and how fast that is regained: a loop that opens ports floods nobody. */
const TOLD_AT_ONCE = 20;
const REGAINED_MS = 5_000;

const Ports = z.looseObject({
	ports: z.array(z.number().int().min(1).max(65535)).max(PORTS_MAX),
});

export interface PreviewOptions {
	/** The sandbox's main connection, for the list alone: a download never delays a key. */
	link: AgentLink;
	openAgent(): Promise<Duplex>;
	onPorts(ports: readonly number[]): void;
	log: AgentLog;
}

export class Preview {
	readonly #options: PreviewOptions;
	#ports: readonly number[] = [];
	#told: readonly number[] = [];
	#credit = TOLD_AT_ONCE;
	#creditAt = performance.now();
	#tellTimer: NodeJS.Timeout | undefined;
	#lookTimer: NodeJS.Timeout | undefined;
	#streams: Promise<PreviewStreams> | undefined;
	#client: AgentClient | undefined;
	#idleTimer: NodeJS.Timeout | undefined;
	#closed = false;

	constructor(options: PreviewOptions) {
		this.#options = options;
		options.link.on('connected', this.#connected);
		if (options.link.client) this.#connected(options.link.client);
	}

	/** The ports as they are; changes are told from now on, for a while. */
	async look(): Promise<readonly number[]> {
		const first = this.#lookTimer === undefined;
		clearTimeout(this.#lookTimer);
		this.#lookTimer = setTimeout(() => this.#endLook(), LOOKED_AT_MS).unref();
		if (first && this.#options.link.client) await this.#watch(this.#options.link.client, true);
		return this.#ports;
	}

	/** Rejects with PreviewRefused. */
	async connect(port: number): Promise<Duplex> {
		const streams = await this.#connection();
		try {
			return await streams.open(port);
		} finally {
			this.#idleSoon(streams);
		}
	}

	close(): void {
		this.#closed = true;
		this.#options.link.off('connected', this.#connected);
		clearTimeout(this.#lookTimer);
		clearTimeout(this.#tellTimer);
		clearTimeout(this.#idleTimer);
		this.#client?.close();
	}

	#connected = (client: AgentClient): void => {
		client.on('preview.ports', (header) => this.#take(header));
		if (this.#lookTimer) void this.#watch(client, true);
	};

	async #watch(client: AgentClient, on: boolean): Promise<void> {
		try {
			const reply = await client.request('preview.watch', { on });
			if (reply.ok && on) this.#take(reply.header);
		} catch (error) {
			// The link connects again, and asks again.
			this.#options.log('the ports could not be asked for', { error: String(error) });
		}
	}

	#endLook(): void {
		this.#lookTimer = undefined;
		if (this.#options.link.client) void this.#watch(this.#options.link.client, false);
	}

	#take(header: unknown): void {
		const parsed = Ports.safeParse(header);
		if (!parsed.success || this.#closed) return;
		this.#ports = parsed.data.ports;
		this.#tell();
	}

	#tell(): void {
		if (this.#tellTimer || String(this.#ports) === String(this.#told)) return;
		const now = performance.now();
		this.#credit = Math.min(TOLD_AT_ONCE, this.#credit + (now - this.#creditAt) / REGAINED_MS);
		this.#creditAt = now;
		if (this.#credit < 1) {
			this.#tellTimer = setTimeout(() => {
				this.#tellTimer = undefined;
				this.#tell();
			}, REGAINED_MS).unref();
			return;
		}
		this.#credit -= 1;
		this.#told = this.#ports;
		this.#options.onPorts(this.#ports);
	}

	#connection(): Promise<PreviewStreams> {
		if (this.#closed) return Promise.reject(new PreviewRefused('sandbox-away'));
		clearTimeout(this.#idleTimer);
		return (this.#streams ??= this.#open());
	}

	async #open(): Promise<PreviewStreams> {
		const { openAgent, log } = this.#options;
		try {
			const client = new AgentClient(await openAgent(), log);
			if (this.#closed) client.close();
			this.#client = client;
			void client.closed.then(() => {
				if (this.#client === client) this.#streams = this.#client = undefined;
			});
			return new PreviewStreams(client);
		} catch (cause) {
			this.#streams = undefined;
			throw new PreviewRefused('sandbox-away', { cause });
		}
	}

	#idleSoon(streams: PreviewStreams): void {
		clearTimeout(this.#idleTimer);
		if (this.#closed) return;
		this.#idleTimer = setTimeout(() => {
			if (streams.count > 0) this.#idleSoon(streams);
			else this.#client?.close();
		}, IDLE_MS).unref();
	}
}
