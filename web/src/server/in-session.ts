// Tells runnerd which classes are in session, or about to be: all of it, again and again, so that it
// doesn't matter which of the two was away.

import type { Database } from '@containrlab/db/connect.ts';
import { sessionsDue } from '@containrlab/db/queries/class-sessions.ts';
import type { ClassesInSession } from '@containrlab/protocol/sandbox.ts';
import type { Log } from './log.ts';
import type { RunnerdClient } from './runnerd-client.ts';
import { Refused, Unreachable } from './service-call.ts';

const TELL_MS = 10_000;
const MINUTE = 60_000;
/** Sandboxes are made ready so long before a planned session … */
const AHEAD_MS = 10 * MINUTE;
/** … and kept for those who are late. */
const LATE_MS = 20 * MINUTE;
/** As many as the message may hold. */
const CLASSES = 200;

export type InSessionDeps = {
	db: Database;
	runnerd: Pick<RunnerdClient, 'inSession'>;
	log: Log;
	/** The clock. */
	now?: () => number;
};

export class InSession {
	readonly #deps: InSessionDeps;
	#timer: NodeJS.Timeout | undefined;
	#telling: Promise<void> = Promise.resolve();
	/** Said once, not every ten seconds. */
	#wasHeard = true;

	constructor(deps: InSessionDeps) {
		this.#deps = deps;
	}

	start(): void {
		void this.tell();
		this.#timer = setInterval(() => void this.tell(), TELL_MS);
	}

	/** As it is now; resolves when runnerd knows, or can't be told. */
	tell(): Promise<void> {
		this.#telling = this.#telling.then(() => this.#tell());
		return this.#telling;
	}

	async #tell(): Promise<void> {
		const { db, runnerd, log } = this.#deps;
		const now = this.#deps.now?.() ?? Date.now();
		try {
			const due = await sessionsDue(db, new Date(now), new Date(now + AHEAD_MS), CLASSES);
			await runnerd.inSession(asTold(due));
			this.#wasHeard = true;
		} catch (cause) {
			const away = cause instanceof Unreachable || cause instanceof Refused;
			if (this.#wasHeard) log('warn', 'runnerd was not told who is in session', { cause });
			if (away) this.#wasHeard = false;
		}
	}

	async stop(): Promise<void> {
		clearInterval(this.#timer);
		await this.#telling;
	}
}

/** One that follows at once on another counts as the same. */
function asTold(due: Awaited<ReturnType<typeof sessionsDue>>): ClassesInSession {
	const classes = new Map<string, ClassesInSession['classes'][number]>();
	for (const { classId, startsAt, endsAt, students, limits } of due) {
		const before = classes.get(classId);
		classes.set(classId, {
			class: classId,
			until: Math.max(before?.until ?? 0, endsAt.getTime()),
			students,
			limits,
			warmUntil: Math.max(before?.warmUntil ?? 0, startsAt.getTime() + LATE_MS),
		});
	}
	return { classes: [...classes.values()] };
}
