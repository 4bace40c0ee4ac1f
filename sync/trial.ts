// Tries out a suspicious update beside the event loop, under a time budget; one at a time.

import { Worker } from 'node:worker_threads';
import { LIMITS } from './limits.ts';

export type Trial = (state: Uint8Array, update: Uint8Array) => Promise<'fine' | 'too-costly'>;

export function createTrial(): Trial {
	let last: Promise<unknown> = Promise.resolve();
	return (state, update) => {
		const run = last.then(() => tryOut(state, update));
		last = run;
		return run;
	};
}

/** Never rejects: what breaks the worker isn't fit for the document either. */
function tryOut(state: Uint8Array, update: Uint8Array): Promise<'fine' | 'too-costly'> {
	return new Promise((resolve) => {
		const worker = new Worker(new URL('./trial-worker.ts', import.meta.url), {
			workerData: { state, update },
			execArgv: [],
			resourceLimits: { maxOldGenerationSizeMb: 512 },
		});
		const end = (result: 'fine' | 'too-costly') => {
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
