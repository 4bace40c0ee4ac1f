// Who is here: a student whose page holds a socket to their document. This process counts the sockets
// that it proxies; all processes tell one another, and themselves, by NOTIFY, so that each knows the
// whole. Nothing of it is stored. Knows neither sockets nor Postgres.

import { z } from 'zod';
import { Presence as PresenceEvent } from '@containrlab/protocol/events.ts';

/** What processes say to one another. */
export const PresenceMessage = PresenceEvent.extend({ process: z.string() });
export type PresenceMessage = z.infer<typeof PresenceMessage>;

export type Place = { workspace: string; class: string; owner: string; lab: string };

export const placeOf = (workspace: {
	id: string;
	classId: string;
	ownerId: string;
	labSlug: string;
}): Place => ({
	workspace: workspace.id,
	class: workspace.classId,
	owner: workspace.ownerId,
	lab: workspace.labSlug,
});

export type PresenceOptions = {
	/** Tells every process, this one too. */
	announce: (message: PresenceMessage) => void;
	/** Someone worked: kept with the workspace. */
	touch: (workspaceId: string) => void;
	/** Names this process. */
	process: string;
	/** A page that reloads is away for a moment; nobody needs to see that. */
	graceMs?: number;
	/** Typing is told this often at most. */
	activeMs?: number;
	/** … and which file is shown this often: a program may change it a thousand times in a second. */
	showMs?: number;
	/** Whoever is here is told anew this often, so that what was lost or a process that died heals … */
	repeatMs?: number;
	/** … since what wasn't told for this long is no longer so. */
	forgetMs?: number;
	now?: () => number;
};

/** One owner's sockets to one workspace in this process, and what is known of them. */
type Mine = {
	place: Place;
	sockets: number;
	/** As told: also while a page reloads, and not before one was there. */
	here: boolean;
	file: string | null;
	activeAt: number | null;
	toldActiveAt: number;
	toldFileAt: number;
	telling: NodeJS.Timeout | undefined;
	leaving: NodeJS.Timeout | undefined;
};
type Heard = { event: PresenceEvent; from: string; at: number };

export class Presence {
	readonly #options: Required<PresenceOptions>;
	readonly #mine = new Map<string, Mine>();
	readonly #heard = new Map<string, Heard>();
	#timer: NodeJS.Timeout | undefined;

	constructor(options: PresenceOptions) {
		this.#options = {
			...{ graceMs: 5_000, activeMs: 10_000, showMs: 500 },
			...{ repeatMs: 20_000, forgetMs: 60_000, now: Date.now },
			...options,
		};
	}

	/** Repeats and forgets from now on; `forgot` is told who is no longer here. */
	start(forgot: (event: PresenceEvent) => void): void {
		this.#timer = setInterval(() => {
			for (const mine of this.#mine.values()) if (mine.here) this.#tell(mine);
			for (const event of this.forget()) forgot(event);
		}, this.#options.repeatMs);
	}

	stop(): void {
		clearInterval(this.#timer);
		for (const { leaving, telling } of this.#mine.values()) {
			clearTimeout(leaving);
			clearTimeout(telling);
		}
	}

	/** A socket of the owner's page; the disposed one is closed. */
	open(place: Place): Disposable {
		const mine = this.#of(place);
		clearTimeout(mine.leaving);
		mine.leaving = undefined;
		mine.sockets += 1;
		if (!mine.here) {
			mine.here = true;
			this.#tell(mine);
		}
		let open = true;
		return {
			[Symbol.dispose]: () => {
				if (!open) return;
				open = false;
				mine.sockets -= 1;
				this.#mayLeave(mine);
			},
		};
	}

	/** The owner typed, in a file or in the terminal. */
	active(place: Place): void {
		const now = this.#options.now();
		const mine = this.#of(place);
		mine.activeAt = now;
		if (now - mine.toldActiveAt < this.#options.activeMs) return;
		mine.toldActiveAt = now;
		this.#options.touch(place.workspace);
		if (mine.here) this.#tell(mine);
		this.#mayLeave(mine);
	}

	/** Which file the owner's page shows. */
	show(place: Place, file: string | null): void {
		const mine = this.#of(place);
		const changed = mine.file !== file;
		mine.file = file;
		if (changed && mine.here) this.#tellFile(mine);
		// A page may say so before its socket is open.
		this.#mayLeave(mine);
	}

	/** What another process or this one announced; the event, when it says something new. */
	hear({ process, ...event }: PresenceMessage): PresenceEvent | undefined {
		const { workspace } = event;
		const known = this.#heard.get(workspace);
		const mine = this.#mine.get(workspace);
		if (!event.here && mine?.here) {
			// A page elsewhere closed, ours is open still. What we said ourselves is only older.
			if (process !== this.#options.process) this.#tell(mine);
			return undefined;
		}
		if (!event.here) {
			if (known?.from !== process) return undefined;
			this.#heard.delete(workspace);
			return event;
		}
		this.#heard.set(workspace, { event, from: process, at: this.#options.now() });
		return known && same(known.event, event) ? undefined : event;
	}

	/** Who is here, in one class, by workspace. */
	inClass(classId: string): PresenceEvent[] {
		return [...this.#heard.values()]
			.map((heard) => heard.event)
			.filter((event) => event.class === classId);
	}

	/** Those of whom nothing was heard for too long: as told when they are gone. */
	forget(): PresenceEvent[] {
		const before = this.#options.now() - this.#options.forgetMs;
		const gone = [...this.#heard.values()].filter((heard) => heard.at < before);
		for (const { event } of gone) this.#heard.delete(event.workspace);
		return gone.map(({ event }) => ({ ...event, here: false }));
	}

	#of(place: Place): Mine {
		const known = this.#mine.get(place.workspace);
		if (known) return known;
		const mine: Mine = {
			...{ place, sockets: 0, here: false, file: null },
			...{ activeAt: null, toldActiveAt: 0, toldFileAt: 0 },
			...{ telling: undefined, leaving: undefined },
		};
		this.#mine.set(place.workspace, mine);
		return mine;
	}

	#mayLeave(mine: Mine): void {
		if (mine.sockets > 0 || mine.leaving) return;
		mine.leaving = setTimeout(() => {
			mine.leaving = undefined;
			this.#mine.delete(mine.place.workspace);
			if (!mine.here) return;
			mine.here = false;
			this.#tell(mine);
		}, this.#options.graceMs);
	}

	/** At once, and what follows soon after it later, by then as it is. */
	#tellFile(mine: Mine): void {
		const { now, showMs } = this.#options;
		const rest = mine.toldFileAt + showMs - now();
		if (mine.telling) return;
		if (rest <= 0 || rest > showMs) {
			mine.toldFileAt = now();
			return this.#tell(mine);
		}
		mine.telling = setTimeout(() => {
			mine.telling = undefined;
			mine.toldFileAt = now();
			if (mine.here) this.#tell(mine);
		}, rest);
	}

	#tell({ place, here, file, activeAt }: Mine): void {
		const { process, announce } = this.#options;
		announce({ ...place, here, file, activeAt, process });
	}
}

const same = (a: PresenceEvent, b: PresenceEvent): boolean =>
	a.here === b.here && a.file === b.file && a.activeAt === b.activeAt && a.lab === b.lab;
