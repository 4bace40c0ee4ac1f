// How large a room's log is, and that its beginning is folded when it grows too large.

import { setTimeout as delay } from 'node:timers/promises';
import { LIMITS } from './limits.ts';
import type { Logger } from './logger.ts';

/** Bytes of a log: from where on it is folded, down to what, and beyond which nothing is taken. */
export interface LogBounds {
	readonly bytes: number;
	readonly kept: number;
	readonly most: number;
}

export interface LogSizeContext {
	logger: Logger;
	logBounds: LogBounds;
	/** Answers the bytes of the log that folding took away. */
	fold(room: string, keptBytes: number): Promise<number>;
}

export class LogSize {
	#room: string;
	/** Of the rows, with those under way. */
	#bytes: number;
	#context: LogSizeContext;
	#folding = false;

	constructor(room: string, bytes: number, context: LogSizeContext) {
		this.#room = room;
		this.#bytes = bytes;
		this.#context = context;
	}

	/** It couldn't be folded as fast as it grew, or not at all. */
	get isFull(): boolean {
		return this.#bytes > this.#context.logBounds.most;
	}

	/** Negative when somebody folded it. */
	add(bytes: number): void {
		this.#bytes += bytes;
		if (this.#bytes > this.#context.logBounds.bytes && !this.#folding) void this.#fold();
	}

	async #fold(): Promise<void> {
		const { fold, logBounds, logger } = this.#context;
		this.#folding = true;
		const freed = await fold(this.#room, logBounds.kept).catch((cause: unknown) => {
			logger.error('history not folded', { room: this.#room, cause });
			return 0;
		});
		this.#bytes -= freed;
		if (freed > 0) logger.info('history folded', { room: this.#room, bytes: freed });
		// What can't be folded now may be in a while.
		else await delay(LIMITS.fold.retryMs, undefined, { ref: false });
		this.#folding = false;
	}
}
