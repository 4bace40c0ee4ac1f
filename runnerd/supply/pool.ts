// Warm sandboxes: booted ahead, without files, waiting for a workspace or a judge run. As many as are
// wanted at the moment; a class that is about to begin wants more.

import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_LIMITS, type SandboxLimits } from '@containrlab/protocol/sandbox.ts';
import type { Admission } from './admission.ts';
import type { Lifecycle } from '../sandboxes/lifecycle.ts';
import type { Log } from '../log.ts';
import type { Box } from '../sandboxes/box.ts';

const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 30_000;
/** More of them in line at once would only wait there. */
const FILLERS = 2;

/** Whether a warm sandbox can be given these: the others it has for good. */
export const fitsWarm = ({ disk, pids }: SandboxLimits): boolean =>
	disk === DEFAULT_LIMITS.disk && pids === DEFAULT_LIMITS.pids;

export class Pool {
	#target: number;
	#lifecycle: Lifecycle;
	#admission: Admission;
	#log: Log;
	#warm: Box[] = [];
	#fillers = new Set<Promise<void>>();
	/** Fillers that are through the line. */
	#booting = 0;
	#failures = 0;
	#shedding: Promise<void> = Promise.resolve();
	#closed = new AbortController();

	constructor(size: number, lifecycle: Lifecycle, admission: Admission, log: Log) {
		this.#target = size;
		this.#lifecycle = lifecycle;
		this.#admission = admission;
		this.#log = log;
	}

	get count(): number {
		return this.#warm.length;
	}

	get boxes(): readonly Box[] {
		return this.#warm;
	}

	/** Takes over a warm sandbox of an earlier launch. */
	adopt(box: Box): void {
		this.#lifecycle.hold(box);
		this.#warm.push(box);
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

	/** Gives up one of them, for room. */
	async shed(): Promise<void> {
		const box = this.#warm.pop();
		if (box) await this.#lifecycle.remove(box, { keepVolume: false });
	}

	/** A container ended: if it was a warm one, another takes its place. */
	async ended(containerId: string): Promise<void> {
		const box = this.#warm.find((warm) => warm.id === containerId);
		if (!box) return;
		this.#warm = this.#warm.filter((warm) => warm !== box);
		await this.#lifecycle.remove(box, { keepVolume: false });
		this.fill();
	}

	/** From now on so many are wanted: others are booted, or those too many removed, in the background. */
	aim(target: number): void {
		this.#target = target;
		this.fill();
		const shrink = async () => {
			while (this.#warm.length > this.#target && !this.#closed.signal.aborted) await this.shed();
		};
		this.#shedding = this.#shedding.then(shrink).catch((cause) => {
			this.#log.warn('a warm sandbox too many was not removed', { cause });
		});
	}

	/** Brings the pool up to its target in the background, as far as there is room. */
	fill(): void {
		while (!this.#closed.signal.aborted && this.#fillers.size < FILLERS && this.#missing > 0) {
			const filler = this.#add();
			this.#fillers.add(filler);
			void filler.then(() => {
				this.#fillers.delete(filler);
				this.fill();
			});
		}
	}

	get #missing(): number {
		return this.#target - this.#warm.length - this.#fillers.size;
	}

	/** Never rejects. */
	async #add(): Promise<void> {
		const { signal } = this.#closed;
		try {
			using _place = await this.#admission.enter({ rank: 'pool', signal });
			// In line it may have become one too many.
			if (this.#warm.length + this.#booting >= this.#target) return;
			this.#booting += 1;
			try {
				const boot = { purpose: 'pool', limits: DEFAULT_LIMITS, signal } as const;
				this.#warm.push(await this.#lifecycle.boot(boot));
			} finally {
				this.#booting -= 1;
			}
			this.#failures = 0;
		} catch (cause) {
			if (signal.aborted) return;
			this.#log.warn('a warm sandbox did not start', { cause });
			const wait = Math.min(RETRY_FIRST_MS * 2 ** this.#failures++, RETRY_MOST_MS);
			await sleep(wait, undefined, { signal }).catch(() => {});
		}
	}

	/** Stops filling; what is warm stays for the next launch. */
	async close(): Promise<void> {
		this.#closed.abort(new Error('runnerd stops'));
		await Promise.all([...this.#fillers, this.#shedding]);
	}
}
