// What a sandbox ran into, told to its owner: what happened and what to do; and the end of one that
// fills the machine.

import type { SandboxLimits } from '@containrlab/protocol/sandbox.ts';
import type { Log } from '../log.ts';
import { RESERVED_PIDS } from '../sandboxes/spec.ts';
import type { Trouble } from './helper-lines.ts';

/** The same is said once in this time. */
const QUIET_MS = 60_000;
/** Shares of a disk from which it is told. */
const NEARLY_FULL = 0.85;
/** Some of it is the file system's own, and never taken. */
const FULL = 0.94;
/** Room that the machine itself needs; bytes. With less, whoever holds most of it is stopped. */
const ROOM = 3 * 1024 ** 3;
const BRIM_MS = 5000;
/** Nobody is stopped for less than this. */
const LARGE = 1024 ** 3;

/** What a workspace's host sees inside its sandbox. */
export type Flood =
	| { kind: 'logs'; workspace: string; container: string }
	| { kind: 'terminal'; workspace: string; terminal: string };

export type Owner = { workspace: string; limits: SandboxLimits };

export type TroublesOptions = {
	/** Whose running sandbox has this container, or this volume. */
	find(what: { container: string } | { volume: string }): Owner | undefined;
	tell(workspace: string, code: string, message: string): void;
	/** Ends the sandbox, and throws its volume away: else it would be as full again. */
	evict(workspace: string): Promise<void>;
	/** If nothing enters it any more: ends all that runs in it but the sandbox itself. */
	relieve(workspace: string): Promise<void>;
	log: Log;
	now?: () => number;
};

export class Troubles {
	#options: TroublesOptions;
	#now: () => number;
	#told = new Map<string, number>();
	/** Bytes by volume. */
	#used = new Map<string, number>();
	/** Containers that hold nearly all processes that they may, and since when. */
	#fullSince = new Map<string, number>();
	#evicting: Promise<void> | undefined;

	constructor(options: TroublesOptions) {
		this.#options = options;
		this.#now = options.now ?? (() => performance.now());
	}

	take(trouble: Trouble): void {
		switch (trouble.kind) {
			case 'oom':
				return this.#outOfMemory(trouble.container);
			case 'pids':
				return this.#processes(trouble);
			case 'disk':
				return this.#disk(trouble);
			case 'room':
				return this.#room(trouble.free);
		}
	}

	/** Harms nobody: what is printed is bounded. But whoever looks for it should know why it isn't there. */
	flood(flood: Flood): void {
		const words =
			flood.kind === 'logs'
				? `Container ${flood.container} prints without end, so Docker drops what it printed before the last few megabytes. If that isn’t meant, stop it with: docker stop ${flood.container}`
				: `Terminal ${flood.terminal} prints faster than anyone can read, so the screen skips most of it. End the program with Ctrl-C, or send its output to a file.`;
		this.#tell(flood.workspace, `${flood.kind}-flood`, words);
	}

	#outOfMemory(container: string): void {
		const owner = this.#options.find({ container });
		if (!owner) return;
		const words = `The sandbox ran out of memory (${size(owner.limits.memory)}), so one of its programs was ended. Stop containers that you don’t need, or restart the sandbox.`;
		this.#tell(owner.workspace, 'out-of-memory', words);
	}

	#processes({ container, used, most }: Extract<Trouble, { kind: 'pids' }>): void {
		const owner = used < most - RESERVED_PIDS ? undefined : this.#options.find({ container });
		if (!owner) return void this.#fullSince.delete(container);
		this.#relieve(owner.workspace, container);
		const words = `The sandbox runs as many processes as it may (${owner.limits.pids}), so nothing more starts in it. End what multiplies, or restart the sandbox.`;
		this.#tell(owner.workspace, 'too-many-processes', words);
	}

	/** It may be so full that nothing enters it any more: looked at while it stays like this. */
	#relieve(workspace: string, container: string): void {
		const now = this.#now();
		const since = this.#fullSince.get(container) ?? now;
		this.#fullSince.set(container, since);
		if (now - since < BRIM_MS) return;
		this.#fullSince.delete(container);
		this.#options.relieve(workspace).catch((cause) => {
			this.#options.log.warn('a sandbox stays full of processes', { workspace, cause });
		});
	}

	#disk({ volume, used, most }: Extract<Trouble, { kind: 'disk' }>): void {
		const owner = this.#options.find({ volume });
		if (!owner) return void this.#used.delete(volume);
		this.#used.set(volume, used);
		if (used > most) return this.#evict(owner, volume, used);
		if (used < most * NEARLY_FULL) return;
		const how = used < most * FULL ? 'nearly full' : 'full';
		const words = `The sandbox’s disk is ${how} (${size(used)} of ${size(most)}). Delete what is large, or make room with: docker system prune -a --volumes`;
		this.#tell(owner.workspace, `disk-${how.replace(' ', '-')}`, words);
	}

	/** Disks are promises: all together may be larger than the machine's. */
	#room(free: number): void {
		if (free >= ROOM || this.#evicting) return;
		for (const [volume, used] of [...this.#used].sort((a, b) => b[1] - a[1])) {
			const owner = this.#options.find({ volume });
			if (!owner) this.#used.delete(volume);
			else if (used >= LARGE) return this.#evict(owner, volume, used);
			else break;
		}
		this.#options.log.error('the machine has hardly any room left', { free });
	}

	#evict({ workspace, limits }: Owner, volume: string, used: number): void {
		if (this.#evicting) return;
		this.#used.delete(volume);
		this.#options.log.warn('a sandbox took too much room', { workspace, used });
		const words = `The sandbox was stopped: it had put ${size(used)} on its disk, of ${size(limits.disk)} that it may. Your files are safe; start it again, and images build again.`;
		this.#tell(workspace, 'disk-taken', words);
		this.#evicting = this.#options
			.evict(workspace)
			.catch((cause) => {
				this.#options.log.error('a sandbox that takes too much room goes on', { workspace, cause });
			})
			.finally(() => {
				this.#evicting = undefined;
			});
	}

	#tell(workspace: string, code: string, message: string): void {
		const now = this.#now();
		for (const [key, at] of this.#told) if (now - at >= QUIET_MS) this.#told.delete(key);
		const key = `${workspace} ${code}`;
		if (this.#told.has(key)) return;
		this.#told.set(key, now);
		this.#options.tell(workspace, code, message);
	}
}

const size = (bytes: number): string => {
	const gigabytes = bytes / 1024 ** 3;
	return gigabytes < 1
		? `${Math.round(bytes / 1024 ** 2)} MB`
		: `${Number(gigabytes.toFixed(1))} GB`;
};
