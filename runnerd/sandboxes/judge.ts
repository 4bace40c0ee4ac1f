// Clean sandboxes for judge runs: from the pool while it has more than one, else booted behind the
// students' starts; each is removed with its volume when the run is over.

import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { DEFAULT_LIMITS, type SandboxLimits } from '@containrlab/protocol/sandbox.ts';
import type { Admission } from '../supply/admission.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Log } from '../log.ts';
import type { Pool } from '../supply/pool.ts';
import { SandboxError, type JudgeSandbox } from './handle.ts';
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

	async acquire(limits: SandboxLimits, signal: AbortSignal): Promise<JudgeSandbox> {
		const turn = await this.#turns.enter(0, signal);
		try {
			const box = await this.#box(limits, signal);
			this.#inUse += 1;
			return this.#sandbox(box, turn);
		} catch (error) {
			turn[Symbol.dispose]();
			throw error;
		}
	}

	/** What passes by itself is waited for: it is no reason to give a submission up. */
	async #box(limits: SandboxLimits, signal: AbortSignal): Promise<Box> {
		const late = AbortSignal.timeout(PATIENCE_MS);
		for (;;) {
			try {
				const patience = AbortSignal.any([signal, late]);
				return (await this.#claim(limits)) ?? (await this.#boot(limits, patience));
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

	async #boot(limits: SandboxLimits, signal: AbortSignal): Promise<Box> {
		const { admission, lifecycle } = this.#options;
		using _place = await admission.enter({ rank: 'judge', signal });
		return lifecycle.boot({ purpose: 'judge', limits, signal });
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

	#sandbox(box: Box, turn: Disposable): JudgeSandbox {
		let held = true;
		return {
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
