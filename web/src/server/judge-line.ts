// Where an attempt stands in the line of those that wait to be judged, for whoever waits.

import type { Database } from '@containrlab/db/connect.ts';
import {
	queuedAttempts,
	typicalRunMs,
	type QueuedAttempt,
} from '@containrlab/db/queries/judge-queue.ts';
import type { Place } from '#lib/attempts/place.ts';

/** Forty pages ask every few seconds; one look at the line serves them all. */
const FRESH_MS = 1_000;

type Line = { queued: QueuedAttempt[]; runMs: number | undefined };

export class JudgeLine {
	readonly #db: Database;
	#seen: { at: number; line: Promise<Line> } | undefined;

	constructor(db: Database) {
		this.#db = db;
	}

	/** Undefined when it doesn't wait. */
	async placeOf(attemptId: string): Promise<Place | undefined> {
		const now = performance.now();
		if (!this.#seen || now - this.#seen.at > FRESH_MS) {
			const seen = { at: now, line: this.#look() };
			this.#seen = seen;
			seen.line.catch(() => {
				if (this.#seen === seen) this.#seen = undefined;
			});
		}
		const { queued, runMs } = await this.#seen.line;
		return placeIn(queued, attemptId, runMs);
	}

	async #look(): Promise<Line> {
		const [queued, runMs] = await Promise.all([queuedAttempts(this.#db), typicalRunMs(this.#db)]);
		return { queued, runMs };
	}
}

/**
 * `queued` is in the order of submitting, which is the order of judging, but that of each student one
 * attempt is judged at a time: who waits for that is overtaken, and nobody comes later than is said.
 */
export function placeIn(
	queued: readonly QueuedAttempt[],
	attemptId: string,
	runMs: number | undefined,
): Place | undefined {
	const at = queued.findIndex((each) => each.id === attemptId);
	const mine = queued[at];
	if (mine?.status !== 'queued') return undefined;
	const line = queued.filter((each) => each.again === mine.again);
	const before = line.slice(0, line.indexOf(mine));
	const ahead = before.filter((each) => each.status === 'queued').length;
	const running = line.filter((each) => each.status === 'running');
	const own = running.some((each) => each.ownerId === mine.ownerId);
	if (runMs === undefined || running.length === 0) return { ahead, own };
	return { ahead, own, aboutMs: Math.round((runMs * (ahead + 1)) / running.length) };
}
