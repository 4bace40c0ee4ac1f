// Documents for those who ask over HTTP, submissions too. To load one takes as long as whoever wrote it likes, on the
// loop that serves everyone: each workspace has a share of it, and waits when that is used up.

import * as Y from 'yjs';
import { workspaceRoom } from '@containrlab/protocol/id.ts';
import { Lanes } from './lanes.ts';
import type { SyncClient } from './sync-client.ts';

/** A large project takes some 30 ms: who reads such a one again and again meets no bound. */
const SHARE = { atOnceMs: 2_000, msPerSecond: 200 } as const;
/** Requests that wait for one workspace, and for all. */
const WAITING = { perWorkspace: 50, inAll: 500 } as const;
const WORKSPACES = 10_000;

/** `seq`: the position in sync's log up to which it is. */
export type Loaded = { ok: true; doc: Y.Doc; seq: number } | { ok: false; seconds: number };

export interface DocumentsOptions {
	/** What this thread has worked so far, in milliseconds: a busy machine is nobody's fault. */
	worked: () => number;
	now: () => number;
}

const OPTIONS: DocumentsOptions = {
	worked: () => {
		const { user, system } = process.threadCpuUsage();
		return (user + system) / 1000;
	},
	now: () => performance.now(),
};

export class Documents {
	readonly #sync: Pick<SyncClient, 'snapshot'>;
	readonly #options: DocumentsOptions;
	readonly #lanes = new Lanes(WAITING.perWorkspace, WAITING.inAll);
	/** By workspace, what is left of its share; those used longest ago come first. */
	readonly #left = new Map<string, { ms: number; at: number }>();

	constructor(sync: Pick<SyncClient, 'snapshot'>, options = OPTIONS) {
		this.#sync = sync;
		this.#options = options;
	}

	/** As it is now; or after how many seconds to ask again. */
	async load(workspaceId: string): Promise<Loaded> {
		const loaded = await this.#lanes.run(workspaceId, async (): Promise<Loaded> => {
			const left = this.#leftOf(workspaceId);
			if (left <= 0) {
				return { ok: false, seconds: Math.ceil(Math.max(1, -left / SHARE.msPerSecond)) };
			}
			const { update, seq } = await this.#sync.snapshot(workspaceRoom(workspaceId));
			const began = this.#options.worked();
			const doc = new Y.Doc();
			Y.applyUpdate(doc, update);
			this.#spend(workspaceId, this.#options.worked() - began);
			return { ok: true, doc, seq };
		});
		return loaded ?? { ok: false, seconds: 1 };
	}

	#leftOf(workspaceId: string): number {
		const left = this.#left.get(workspaceId);
		if (!left) return SHARE.atOnceMs;
		const back = ((this.#options.now() - left.at) / 1000) * SHARE.msPerSecond;
		return Math.min(SHARE.atOnceMs, left.ms + back);
	}

	#spend(workspaceId: string, ms: number): void {
		const left = this.#leftOf(workspaceId) - ms;
		this.#left.delete(workspaceId);
		this.#left.set(workspaceId, { ms: left, at: this.#options.now() });
		if (this.#left.size > WORKSPACES) {
			const [oldest] = this.#left.keys();
			if (oldest !== undefined) this.#left.delete(oldest);
		}
	}
}
