// Tries out a suspicious update beside the event loop, under a time budget; one at a time.

import { Worker } from 'node:worker_threads';
import { LIMITS } from './limits.ts';

export type Verdict = 'fine' | 'too-costly';

export class Trials {
	/** Those under way and those that wait for their turn. */
	waiting = 0;
	#last: Promise<unknown> = Promise.resolve();
	/** Until when somebody's are refused untried (ms): others would have to wait for theirs. */
	#refused = new Map<string, number>();
	#now: () => number;

	constructor(now = () => performance.now()) {
		this.#now = now;
	}

	async run(userId: string, state: Uint8Array, update: Uint8Array): Promise<Verdict> {
		const until = this.#refused.get(userId);
		if (until !== undefined && until > this.#now()) return 'too-costly';
		this.waiting += 1;
		const run = this.#last.then(() => tryOut(state, update));
		this.#last = run;
		const verdict = await run;
		this.waiting -= 1;
		if (verdict === 'too-costly') this.#refuse(userId);
		return verdict;
	}

	#refuse(userId: string): void {
		const now = this.#now();
		for (const [old, until] of this.#refused) {
			if (until > now) break;
			this.#refused.delete(old);
		}
		this.#refused.delete(userId);
		this.#refused.set(userId, now + LIMITS.trialMs.refused);
	}
}

/** Never rejects: what breaks the worker isn't fit for the document either. */
function tryOut(state: Uint8Array, update: Uint8Array): Promise<Verdict> {
	return new Promise((resolve) => {
		const worker = new Worker(new URL('./trial-worker.ts', import.meta.url), {
			workerData: { state, update },
			execArgv: [],
			resourceLimits: { maxOldGenerationSizeMb: 512 },
		});
		const end = (result: Verdict) => {
			clearTimeout(timer);
			void worker.terminate();
			resolve(result);
		};
		const timer = setTimeout(() => end('too-costly'), LIMITS.trialMs.wall);
		const budget = LIMITS.trialMs.cpu + update.length * LIMITS.trialMs.perByte;
		worker.once('message', (ms: number) => end(ms <= budget ? 'fine' : 'too-costly'));
		worker.once('error', () => end('too-costly'));
		worker.once('exit', () => end('too-costly'));
	});
}
