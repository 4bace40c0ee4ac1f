// What one workspace's flush knows, shared by its two directions.

import { newId } from '@containrlab/protocol/id.ts';
import type { Merged } from './absorb.ts';
import type { AgentFiles, Look } from './agent-files.ts';
import type { DocView } from './doc-view.ts';
import type { Base, DiskEntry } from './reconcile.ts';

/**
 * The key of a file's node that says which version of which volume's ring the document has taken
 * in. It travels in the same transaction as the text, so a crash can't part the two.
 */
export const SEEN = 'seen';

export type Warn = (code: string, message: string, path?: string) => void;

/** Who changes the document: edits of this origin are our own. */
export const DISK_ORIGIN = Symbol('disk');
const GRAVES = 500;

export interface FlushHooks {
	warn: Warn;
	/** A binary file appeared. */
	blob(sha: string, bytes: Buffer, path: string): void;
	/** Bytes that the document names and this sandbox hasn't got. */
	missing(sha: string): void;
	/** Bytes that somebody handed in. */
	held(sha: string): Buffer | undefined;
	/** Bytes that are about to leave the disk: who restores their file wants them back. */
	keep(sha: string, bytes: Buffer): void;
	/** For whoever wants to know why a text is what it is. */
	merged?: ((merged: Merged) => void) | undefined;
}

export class FlushState {
	readonly view: DocView;
	readonly hooks: FlushHooks;
	/** By id. */
	base = new Map<string, Base>();
	/** By path: what was last seen on disk. */
	disk = new Map<string, DiskEntry>();
	moves = new Map<string, string>();
	/** Paths that the shell deleted → id and what was there, in case they come back. */
	graves = new Map<string, Base>();
	/** Ids whose document side isn't known to be durable → which change that was. */
	unsettled = new Map<string, string>();
	generation = '';
	#files: AgentFiles | undefined;

	constructor(view: DocView, hooks: FlushHooks) {
		this.view = view;
		this.hooks = hooks;
	}

	get files(): AgentFiles {
		if (!this.#files) throw new Error('no agent is attached');
		return this.#files;
	}

	set files(files: AgentFiles | undefined) {
		this.#files = files;
	}

	get attached(): boolean {
		return this.#files !== undefined;
	}

	see({ path, disk }: Look): void {
		if (disk) this.disk.set(path, disk);
		else this.disk.delete(path);
	}

	/** The document took something from the disk: its record waits until sync has it. */
	taken(id: string): void {
		this.unsettled.set(id, newId(8));
	}

	bury(base: Base): void {
		this.graves.set(base.path, base);
		if (this.graves.size > GRAVES) {
			for (const path of this.graves.keys()) {
				this.graves.delete(path);
				break;
			}
		}
	}
}

export const seenMark = (state: FlushState, v: number): string => `${state.generation}:${v}`;

/** For content that has no versions: these bytes were on this volume's disk. */
export const seenSha = (state: FlushState, sha: string): string => `${state.generation}:${sha}`;

/** The version of this volume's ring that the document has surely taken in; 0 for none. */
export function seenVersion(state: FlushState, id: string): number {
	const seen = state.view.node(id)?.get(SEEN);
	if (typeof seen !== 'string' || !seen.startsWith(`${state.generation}:`)) return 0;
	const v = Number(seen.slice(state.generation.length + 1));
	return Number.isSafeInteger(v) ? v : 0;
}
