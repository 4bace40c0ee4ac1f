// Where sandboxes come from: the warm pool, or a boot when the machine has room for one; workspaces
// first, then the pool's refill, then judges.

import { isDeepStrictEqual } from 'node:util';
import {
	DEFAULT_LIMITS,
	type QueuePlace,
	type SandboxLimits,
	type SandboxState,
} from '@containrlab/protocol/sandbox.ts';
import { Admission } from './admission.ts';
import type { Lifecycle } from '../sandboxes/lifecycle.ts';
import type { Log } from '../log.ts';
import { MemoryMeter } from './memory-meter.ts';
import { Pool } from './pool.ts';
import { defaultReserve, type RoomLimits } from './room.ts';
import type { TrialOptions, TrialSandbox } from '../sandboxes/handle.ts';
import type { Box } from '../sandboxes/box.ts';
import { JudgeSandboxes } from '../sandboxes/judge.ts';
import type { SessionRecord } from '../sessions/record.ts';

/** Below the number of host uids, so that each finds one. */
const MOST = 500;

export type SupplyOptions = {
	lifecycle: Lifecycle;
	image: string;
	poolSize: number;
	/** Instead of what the engine's host would bear. */
	room?: Partial<RoomLimits>;
	log: Log;
};

export type ProvideContext = {
	signal: AbortSignal;
	onPhase: (phase: StartPhase, queue?: QueuePlace) => void;
	/** Makes it the workspace's, durably. */
	commit: (box: Box) => Promise<void>;
};
type StartPhase = Extract<SandboxState, { status: 'starting' }>['phase'];

export class Supply {
	readonly pool: Pool;
	#options: SupplyOptions;
	#lifecycle: Lifecycle;
	#meter: MemoryMeter;
	#admission: Admission;
	#judges: JudgeSandboxes;

	constructor(options: SupplyOptions) {
		const { lifecycle, log, room } = options;
		this.#options = options;
		this.#lifecycle = lifecycle;
		this.#meter = new MemoryMeter(lifecycle.engine, options.image, log);
		this.#admission = new Admission({
			host: () => lifecycle.host(),
			limits: ({ memory }) => ({ most: MOST, reserve: defaultReserve(memory), ...room }),
			memory: this.#meter,
			sandboxes: () => lifecycle.made,
			judging: () => this.#judges.count,
			warm: () => this.pool.count,
		});
		this.pool = new Pool(options.poolSize, lifecycle, this.#admission, log);
		const admission = this.#admission;
		this.#judges = new JudgeSandboxes({ lifecycle, admission, pool: this.pool, log });
	}

	open(): void {
		this.#meter.open();
	}

	/** There may be room for one more. */
	look(): void {
		this.#admission.look();
	}

	forJudge(
		limits: SandboxLimits,
		signal: AbortSignal,
		trial?: TrialOptions,
	): Promise<TrialSandbox> {
		return this.#judges.acquire(limits, signal, trial);
	}

	/** Students' sandboxes that fit, when each comes to need `each` bytes of memory. */
	places(each: number): Promise<number> {
		return this.#admission.places(each);
	}

	/** Warm for a first start; a kept volume needs a sandbox of its own around it. */
	async forWorkspace(record: SessionRecord, context: ProvideContext): Promise<Box> {
		const { workspace, limits } = record.request;
		const { engine } = this.#lifecycle;
		const name = `${engine.instance}-ws-${workspace}`;
		this.#admission.cameStudent();
		const { box, warm } = await this.#find(record, name, context);
		try {
			await context.commit(box);
		} catch (error) {
			await this.#lifecycle.remove(box, { keepVolume: record.volume !== null });
			throw error;
		}
		if (warm && !isDeepStrictEqual(limits, DEFAULT_LIMITS))
			await this.#lifecycle.limit(box, limits);
		// For whoever reads `docker ps`; our record is what counts.
		await engine.renameContainer(box.id, name).catch((cause) => {
			this.#options.log.warn('a sandbox kept its old name', { workspace, cause });
		});
		return box;
	}

	async #find(
		{ request: { limits }, volume, askedAt }: SessionRecord,
		name: string,
		{ signal, onPhase }: ProvideContext,
	): Promise<{ box: Box; warm: boolean }> {
		const claim = async () => (volume ? undefined : await this.pool.claim(limits, 0));
		const free = this.#admission.claimable > 0 ? await claim() : undefined;
		if (free) return { box: free, warm: true };
		using place = await this.#admission.enter({
			...{ rank: 'student', since: askedAt, signal },
			onPlace: (place) => onPhase('queued', place),
		});
		// One may have become warm meanwhile.
		const late = place.exchange || this.#admission.claimable > 0 ? await claim() : undefined;
		if (late) return { box: late, warm: true };
		if (place.exchange) await this.pool.shed();
		const box = await this.#lifecycle.boot({
			...{ purpose: 'workspace', limits, signal, onPhase },
			volume: volume?.name ?? name,
			uid: volume?.uid,
			kept: volume !== null,
		});
		return { box, warm: false };
	}

	async close(): Promise<void> {
		await Promise.all([this.pool.close(), this.#meter[Symbol.asyncDispose]()]);
	}
}
