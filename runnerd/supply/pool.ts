// Warm sandboxes: booted ahead, without files, waiting for a workspace or a judge run. As many as are
// wanted at the moment; a class that is about to begin wants more, with what its sandboxes may use.

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

/** What a sandbox has for good; the other limits are given to a warm one when it is claimed. */
export type Make = Pick<SandboxLimits, 'disk' | 'pids'>;
const isMake = (one: Make, other: Make): boolean =>
	one.disk === other.disk && one.pids === other.pids;

export type Wanted = { make: Make; count: number };
type Warm = { box: Box; make: Make };

export class Pool {
	/** Each make at most once; the first is filled first. */
	#targets: readonly Wanted[];
	#lifecycle: Lifecycle;
	#admission: Admission;
	#log: Log;
	/** Starts that are about to take one. */
	#claims = 0;
	#warm: Warm[] = [];
	#fillers = new Map<Promise<void>, Make>();
	/** Of fillers that are through the line. */
	#booting: Make[] = [];
	#failures = 0;
	#shedding: Promise<void> = Promise.resolve();
	#closed = new AbortController();

	constructor(size: number, lifecycle: Lifecycle, admission: Admission, log: Log) {
		this.#targets = [{ make: DEFAULT_LIMITS, count: size }];
		this.#lifecycle = lifecycle;
		this.#admission = admission;
		this.#log = log;
	}

	get count(): number {
		return this.#warm.length;
	}

	get boxes(): readonly Box[] {
		return this.#warm.map(({ box }) => box);
	}

	/** Takes over a warm sandbox of an earlier launch. */
	adopt(box: Box, make: Make): void {
		this.#lifecycle.hold(box, make);
		this.#warm.push({ box, make });
	}

	/** Takes one of that make, unless only `leave` are left. Whether it lives, the engine knows. */
	async claim(make: Make, leave: number): Promise<Box | undefined> {
		while (this.#of(make) > leave) {
			const { box } = this.#take((warm) => isMake(warm.make, make))!;
			try {
				if (await this.#lifecycle.engine.isRunning(box.id)) return box;
				await this.#lifecycle.remove(box, { keepVolume: false });
			} finally {
				this.fill();
			}
		}
		return undefined;
	}

	#of(make: Make): number {
		return this.#warm.filter((warm) => isMake(warm.make, make)).length;
	}

	/** The oldest that is so. */
	#take(is: (warm: Warm) => boolean): Warm | undefined {
		const found = this.#warm.find(is);
		this.#warm = this.#warm.filter((warm) => warm !== found);
		return found;
	}

	/** Gives up one of them, for room. */
	async shed(is: (warm: Warm) => boolean = () => true): Promise<void> {
		const warm = this.#take(is);
		if (warm) await this.#lifecycle.remove(warm.box, { keepVolume: false });
	}

	/** A container ended: if it was a warm one, another takes its place. */
	async ended(containerId: string): Promise<void> {
		const found = this.#take(({ box }) => box.id === containerId);
		if (!found) return;
		await this.#lifecycle.remove(found.box, { keepVolume: false });
		this.fill();
	}

	/**
	 * From now on these are wanted, and as many more are left alone as starts are about to claim: others
	 * are booted, or those too many removed, in the background.
	 */
	aim(wanted: readonly Wanted[], claims = 0): void {
		const targets: Wanted[] = [];
		for (const { make, count } of wanted) {
			const known = targets.find((target) => isMake(target.make, make));
			if (known) known.count += count;
			else targets.push({ make, count });
		}
		this.#targets = targets;
		this.#claims = claims;
		this.fill();
		const tooMany = ({ make }: Warm) => this.#of(make) > this.#target(make) + this.#claims;
		const shrink = async () => {
			while (this.#warm.some(tooMany) && !this.#closed.signal.aborted) await this.shed(tooMany);
		};
		this.#shedding = this.#shedding.then(shrink).catch((cause) => {
			this.#log.warn('a warm sandbox too many was not removed', { cause });
		});
	}

	/** Brings the pool up to its target in the background, as far as there is room. */
	fill(): void {
		while (!this.#closed.signal.aborted && this.#fillers.size < FILLERS) {
			const make = this.#missing;
			if (!make) return;
			const filler = this.#add(make);
			this.#fillers.set(filler, make);
			void filler.then(() => {
				this.#fillers.delete(filler);
				this.fill();
			});
		}
	}

	#target(make: Make): number {
		return this.#targets.find((target) => isMake(target.make, make))?.count ?? 0;
	}

	/** The first make of which there are fewer than are wanted. */
	get #missing(): Make | undefined {
		const coming = [...this.#fillers.values()];
		return this.#targets.find(
			({ make, count }) =>
				this.#of(make) + coming.filter((other) => isMake(other, make)).length < count,
		)?.make;
	}

	/** Never rejects. */
	async #add(make: Make): Promise<void> {
		const { signal } = this.#closed;
		try {
			using _place = await this.#admission.enter({ rank: 'pool', signal });
			// In line it may have become one too many.
			const booting = this.#booting.filter((other) => isMake(other, make)).length;
			if (this.#of(make) + booting >= this.#target(make)) return;
			this.#booting.push(make);
			try {
				const { disk, pids } = make;
				const limits = { ...DEFAULT_LIMITS, disk, pids };
				const box = await this.#lifecycle.boot({ purpose: 'pool', limits, signal });
				this.#warm.push({ box, make });
			} finally {
				this.#booting.splice(this.#booting.indexOf(make), 1);
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
		await Promise.all([...this.#fillers.keys(), this.#shedding]);
	}
}
