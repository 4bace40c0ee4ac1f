// Warm sandboxes: booted ahead, without files, waiting for a workspace or a judge run.

import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_LIMITS } from '@containrlab/protocol/sandbox.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Log } from './log.ts';
import type { Box } from './sandboxes-box.ts';

const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 30_000;

export class Pool {
	#size: number;
	#lifecycle: Lifecycle;
	#log: Log;
	#warm: Box[] = [];
	#filling: Promise<void> | undefined;
	#closed = new AbortController();

	constructor(size: number, lifecycle: Lifecycle, log: Log) {
		this.#size = size;
		this.#lifecycle = lifecycle;
		this.#log = log;
	}

	get count(): number {
		return this.#warm.length;
	}

	get boxes(): readonly Box[] {
		return this.#warm;
	}

	/** Takes over a warm sandbox of an earlier launch; false when there are enough. */
	adopt(box: Box): boolean {
		if (this.#warm.length >= this.#size) return false;
		this.#lifecycle.hold(box);
		this.#warm.push(box);
		return true;
	}

	/** Takes one, unless only `leave` are left. The engine has the last word on whether it lives. */
	async claim(leave: number): Promise<Box | undefined> {
		while (this.#warm.length > leave) {
			const box = this.#warm.shift()!;
			try {
				if (await this.#lifecycle.engine.isRunning(box.id)) return box;
				await this.#lifecycle.remove(box, { keepVolume: false });
			} finally {
				this.fill();
			}
		}
		return undefined;
	}

	/** A container ended: if it was a warm one, another takes its place. */
	async ended(containerId: string): Promise<void> {
		const box = this.#warm.find((warm) => warm.id === containerId);
		if (!box) return;
		this.#warm = this.#warm.filter((warm) => warm !== box);
		await this.#lifecycle.remove(box, { keepVolume: false });
		this.fill();
	}

	/** Brings the pool up to its size, one at a time, in the background. */
	fill(): void {
		if (this.#closed.signal.aborted || this.#filling) return;
		this.#filling = this.#fill().finally(() => {
			this.#filling = undefined;
			// One may have been claimed just as the loop ended.
			if (this.#warm.length < this.#size) this.fill();
		});
	}

	async #fill(): Promise<void> {
		const { signal } = this.#closed;
		for (let failures = 0; this.#warm.length < this.#size && !signal.aborted;) {
			try {
				const box = await this.#lifecycle.boot({ purpose: 'pool', limits: DEFAULT_LIMITS, signal });
				this.#warm.push(box);
				failures = 0;
			} catch (cause) {
				if (signal.aborted) return;
				this.#log.warn('a warm sandbox did not start', { cause });
				const wait = Math.min(RETRY_FIRST_MS * 2 ** failures++, RETRY_MOST_MS);
				await sleep(wait, undefined, { signal }).catch(() => {});
			}
		}
	}

	/** Stops filling; what is warm stays for the next launch. */
	async close(): Promise<void> {
		this.#closed.abort(new Error('runnerd stops'));
		await this.#filling;
	}
}
