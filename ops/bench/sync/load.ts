// A process full of clients, as the one that measures sees it.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Jobs } from './load-main.ts';
import { end, forkHere } from './processes.ts';

export class Load implements AsyncDisposable {
	#child: ChildProcess;
	#next = 0;

	private constructor(child: ChildProcess) {
		this.#child = child;
		child.setMaxListeners(50);
	}

	static async start(): Promise<Load> {
		const { child } = await forkHere('./load-main.ts');
		return new Load(child);
	}

	/** Has one of its jobs done; fails as the job does, or when the process ends. */
	async call<Name extends keyof Jobs>(
		job: Name,
		argument: Parameters<Jobs[Name]>[0],
	): Promise<Awaited<ReturnType<Jobs[Name]>>> {
		const id = (this.#next += 1);
		const over = new AbortController();
		const { signal } = over;
		const gone = once(this.#child, 'exit', { signal }).then(() => {
			throw new Error('the load ended');
		});
		gone.catch(() => {});
		const answered = new Promise<Answer>((resolve) => {
			const listener = (answer: Answer) => {
				if (answer.id !== id) return;
				this.#child.off('message', listener);
				resolve(answer);
			};
			this.#child.on('message', listener);
		});
		this.#child.send({ id, job, argument });
		const answer = await Promise.race([answered, gone]);
		over.abort();
		if (answer.error !== undefined) throw new Error(`${job}: ${answer.error}`);
		return answer.result as Awaited<ReturnType<Jobs[Name]>>;
	}

	[Symbol.asyncDispose](): Promise<void> {
		return end(this.#child);
	}
}

export interface Answer {
	id: number;
	result?: unknown;
	error?: string;
}
