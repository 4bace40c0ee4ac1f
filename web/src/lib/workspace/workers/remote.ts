// Calls into a worker that may never come back: each has its time, and a worker that overruns it is
// ended and made anew, so that hostile input costs an answer and never the page.

/** What both a Worker and a test's stand-in are. */
export interface WorkerLike {
	postMessage(message: unknown): void;
	terminate(): void;
	onmessage: ((event: MessageEvent) => void) | null;
	onerror: ((event: ErrorEvent) => void) | null;
}

export type Methods = Record<string, (...args: never[]) => unknown>;
export type Call = { id: number; method: string; args: unknown[] };
export type Answer = { id: number; value?: unknown; error?: string };

/** The worker took too long, or broke on its input. */
export class NoAnswer extends Error {
	readonly reason: 'too-slow' | 'broke' | 'closed';
	constructor(reason: NoAnswer['reason'], message: string = reason) {
		super(message);
		this.reason = reason;
	}
}

type Waiting = {
	resolve: (value: unknown) => void;
	reject: (reason: NoAnswer) => void;
	timer: ReturnType<typeof setTimeout>;
};

export class Remote<M extends Methods> {
	readonly #make: () => WorkerLike;
	readonly #waiting = new Map<number, Waiting>();
	#worker: WorkerLike | undefined;
	#next = 0;

	/** `make` is called when there is something to do, and again after a worker was ended. */
	constructor(make: () => WorkerLike) {
		this.#make = make;
	}

	call<K extends keyof M & string>(
		method: K,
		args: Parameters<M[K]>,
		timeoutMs: number,
	): Promise<Awaited<ReturnType<M[K]>>> {
		const id = (this.#next += 1);
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => this.#end(new NoAnswer('too-slow')), timeoutMs);
			this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject, timer });
			const call: Call = { id, method, args };
			(this.#worker ??= this.#start()).postMessage(call);
		});
	}

	close(): void {
		this.#end(new NoAnswer('closed'));
	}

	#start(): WorkerLike {
		const worker = this.#make();
		worker.onmessage = ({ data }: MessageEvent<Answer>) => this.#answered(data);
		worker.onerror = (event) => this.#end(new NoAnswer('broke', event.message));
		return worker;
	}

	#answered({ id, value, error }: Answer): void {
		const waiting = this.#waiting.get(id);
		if (!waiting) return;
		this.#waiting.delete(id);
		clearTimeout(waiting.timer);
		if (error === undefined) waiting.resolve(value);
		else waiting.reject(new NoAnswer('broke', error));
	}

	/** Whoever waits behind the one that hangs goes without an answer, too. */
	#end(reason: NoAnswer): void {
		this.#worker?.terminate();
		this.#worker = undefined;
		for (const { reject, timer } of this.#waiting.values()) {
			clearTimeout(timer);
			reject(reason);
		}
		this.#waiting.clear();
	}
}
