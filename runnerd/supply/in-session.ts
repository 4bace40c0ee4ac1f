// Which classes are in session, as web last said: their sandboxes don't expire, and some are kept
// warm for those who are still to come.

import type { ClassesInSession } from '@containrlab/protocol/sandbox.ts';
import type { Wanted } from './pool.ts';

type InSessionClass = ClassesInSession['classes'][number];

export class InSession {
	#classes = new Map<string, InSessionClass>();

	/** Replaces all; answers what changed for whom: `endedAt` of classes that are no longer in session. */
	replace({ classes }: ClassesInSession, now: number): Map<string, { endedAt: number }> {
		const next = new Map(classes.map((each) => [each.class, each]));
		const changed = new Map<string, { endedAt: number }>();
		for (const [id, { until }] of this.#classes) {
			if (!next.has(id)) changed.set(id, { endedAt: Math.min(until, now) });
		}
		for (const [id, { until }] of next) {
			if (this.#classes.get(id)?.until !== until) changed.set(id, { endedAt: 0 });
		}
		this.#classes = next;
		return changed;
	}

	until(classId: string | undefined): number {
		return (classId !== undefined && this.#classes.get(classId)?.until) || 0;
	}

	/** Sandboxes for those who are expected and have none; `there`: who has one, or is getting it. */
	wanted(there: (classId: string) => number, now: number): Wanted[] {
		return [...this.#classes.values()]
			.filter(({ until, warmUntil }) => now < Math.min(until, warmUntil))
			.map(({ class: id, students, limits }) => ({
				...{ make: limits, count: Math.max(0, students - there(id)) },
			}));
	}
}
