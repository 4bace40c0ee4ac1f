// How many of a class are here, kept up to date by what the event stream tells of each.

import type { Presence } from '@containrlab/protocol/events.ts';

export class Attendance {
	here = $state(0);
	readonly #class: string;
	/** Who has which workspace open; one student may have several. */
	readonly #owners = new Map<string, string>();

	constructor(classId: string) {
		this.#class = classId;
	}

	/** As the server sees it now. */
	reset(presence: readonly Presence[]): void {
		this.#owners.clear();
		for (const each of presence) this.hear(each);
		this.#count();
	}

	hear(presence: Presence): void {
		if (presence.class !== this.#class) return;
		if (presence.here) this.#owners.set(presence.workspace, presence.owner);
		else this.#owners.delete(presence.workspace);
		this.#count();
	}

	#count(): void {
		this.here = new Set(this.#owners.values()).size;
	}
}
