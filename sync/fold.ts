// Folds the history of a room in a process of its own: to replay a log takes seconds of a core and
// memory by the document, and neither is the event loop's.

import { fork } from 'node:child_process';
import { setPriority } from 'node:os';
import { z } from 'zod';
import type { Kept } from '@containrlab/db/doc-history.ts';
import { LIMITS } from './limits.ts';

export interface FoldTask {
	url: string;
	room: string;
	kept: Kept;
}

/** What the other process answers. */
const Folded = z.object({ bytes: z.number() });

/** Below everyone who types. */
const NICE = 10;

export class Folds {
	#last: Promise<unknown> = Promise.resolve();
	#ended = new AbortController();

	/** Answers the bytes that it took away from the log; one at a time. */
	run(task: FoldTask): Promise<number> {
		const run = this.#last.then(() => foldElsewhere(task, this.#ended.signal));
		this.#last = run.catch(() => {});
		return run;
	}

	/** What is under way is given up: it may be done again. */
	async end(): Promise<void> {
		this.#ended.abort();
		await this.#last;
	}
}

function foldElsewhere(task: FoldTask, ended: AbortSignal): Promise<number> {
	return new Promise((resolve, reject) => {
		const child = fork(new URL('./fold-main.ts', import.meta.url), {
			execArgv: [`--max-old-space-size=${LIMITS.fold.heapMb}`],
			serialization: 'advanced',
			signal: AbortSignal.any([ended, AbortSignal.timeout(LIMITS.fold.ms)]),
			killSignal: 'SIGKILL',
			stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
		});
		child.once('error', reject);
		child.once('message', (answer) => {
			const folded = Folded.safeParse(answer);
			if (folded.success) resolve(folded.data.bytes);
			child.kill();
		});
		child.once('exit', (code) => reject(new Error(`folding ended with ${code}`)));
		child.once('spawn', () => {
			if (child.pid !== undefined) setPriority(child.pid, NICE);
			child.send(task);
		});
	});
}
