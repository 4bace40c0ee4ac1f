// Clean sandboxes for judge runs: from the pool while it has more than one, else booted behind the
// students' starts; each is removed with its volume when the run is over.

import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { DEFAULT_LIMITS, type SandboxLimits } from '@containrlab/protocol/sandbox.ts';
import type { Admission } from '../supply/admission.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Log } from '../log.ts';
import type { Pool } from '../supply/pool.ts';
import { SandboxError, type TrialOptions, type TrialSandbox } from './handle.ts';
import type { Box } from './box.ts';
import { Gate } from '../supply/gate.ts';

/** Judge runs at a time; students' own builds need the cores too. */
const JUDGES = 2;
const RETRY_MS = 500;
/** A judge run waits so long for an engine that restarts, or for a place. */
const PATIENCE_MS = 5 * 60_000;

export type JudgeSandboxesOptions = {
	lifecycle: Lifecycle;
	admission: Admission;
	pool: Pool;
	log: Log;
};

type Taken = { box: Box; bootMs?: number };

export class JudgeSandboxes {
	#options: JudgeSandboxesOptions;
	#turns = new Gate(JUDGES);
	#inUse = 0;

	constructor(options: JudgeSandboxesOptions) {
		this.#options = options;
	}

	/** Sandboxes that judge at the moment. */
	get count(): number {
		return this.#inUse;
	}

	/** For a trial it is never a warm one, and is told what its start took. */
	async acquire(
		limits: SandboxLimits,
		signal: AbortSignal,
		trial?: TrialOptions,
	): Promise<TrialSandbox> {
		const turn = await this.#turns.enter(0, signal);
		try {
			const taken = await this.#box(limits, signal, trial);
			this.#inUse += 1;
			return this.#sandbox(taken, turn);
		} catch (error) {
			turn[Symbol.dispose]();
			throw error;
		}
	}

	/** What passes by itself is waited for: it is no reason to give a submission up. */
	async #box(limits: SandboxLimits, signal: AbortSignal, trial?: TrialOptions): Promise<Taken> {
		const late = AbortSignal.timeout(PATIENCE_MS);
		for (;;) {
			try {
				const patience = AbortSignal.any([signal, late]);
				const warm = trial ? undefined : await this.#claim(limits);
				return warm ? { box: warm } : await this.#boot(limits, patience, trial);
			} catch (error) {
				signal.throwIfAborted();
				if (error === late.reason)
					throw new SandboxError('no-capacity', 'no place for a judge run');
				const passes = error instanceof SandboxError && error.code === 'engine-unreachable';
				if (!passes || late.aborted) throw error;
				await sleep(RETRY_MS, undefined, { signal });
			}
		}
	}

	async #boot(limits: SandboxLimits, signal: AbortSignal, trial?: TrialOptions): Promise<Taken> {
		const { admission, lifecycle } = this.#options;
		using _place = await admission.enter({ rank: 'judge', signal });
		const began = performance.now();
		const box = await lifecycle.boot({ purpose: 'judge', limits, signal, mirror: trial?.mirror });
		return { box, bootMs: performance.now() - began };
	}

	/** The last warm one is a student's. The new name keeps a later launch from taking it as unused. */
	async #claim(limits: SandboxLimits): Promise<Box | undefined> {
		const { admission, lifecycle, pool } = this.#options;
		if (admission.claimable <= 1) return undefined;
		const box = await pool.claim(limits, 1);
		if (!box) return undefined;
		const { engine } = lifecycle;
		try {
			await engine.renameContainer(box.id, `${engine.instance}-judge-${box.sandbox}`);
			if (!isDeepStrictEqual(limits, DEFAULT_LIMITS)) await lifecycle.limit(box, limits);
			return box;
		} catch (error) {
			await lifecycle.remove(box, { keepVolume: false });
			throw error;
		}
	}

	#sandbox({ box, bootMs }: Taken, turn: Disposable): TrialSandbox {
		let held = true;
		return {
			bootMs,
			volume: box.volume,
			id: box.id,
			uid: box.uid,
			exec: box.exec.bind(box),
			putFiles: box.putFiles.bind(box),
			[Symbol.asyncDispose]: async () => {
				const { lifecycle, log } = this.#options;
				try {
					await lifecycle.remove(box, { keepVolume: false });
				} catch (cause) {
					// The verdict stands; the next sweep removes it.
					log.warn('a judge sandbox was not removed', { cause });
				} finally {
					if (held) this.#inUse -= 1;
					held = false;
					turn[Symbol.dispose]();
				}
			},
		};
	}
}
