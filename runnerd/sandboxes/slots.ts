// Host uids for sandboxes, one each: what the kernel counts per user is then every sandbox's own.

import { SandboxError } from './handle.ts';

/** The sandbox image lists exactly these users. */
const FIRST_UID = 20_000;
const UIDS = 512;

export class UidSlots {
	#live = new Set<number>();
	#kept: () => Iterable<number>;

	/** `kept`: the uids of workspaces whose volume waits for their return. */
	constructor(kept: () => Iterable<number>) {
		this.#kept = kept;
	}

	/**
	 * A uid that no live sandbox has. A workspace that returns gets its own; others leave those of
	 * kept volumes alone while they can (nothing on a volume belongs to the uid, so taking one over
	 * is safe).
	 */
	take(own?: number | null): number {
		const kept = new Set(this.#kept());
		const all = Array.from({ length: UIDS }, (_, index) => FIRST_UID + index);
		const free = all.filter((uid) => !this.#live.has(uid));
		const uid = free.find((uid) => uid === own) ?? free.find((uid) => !kept.has(uid)) ?? free[0];
		if (uid === undefined) throw new SandboxError('no-capacity', 'every host uid is taken');
		this.#live.add(uid);
		return uid;
	}

	/** A sandbox that was found alive. */
	hold(uid: number): void {
		this.#live.add(uid);
	}

	free(uid: number): void {
		this.#live.delete(uid);
	}
}
