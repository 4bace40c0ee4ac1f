// What one workspace's flush knows, shared by its two directions.

import { newId } from '@containrlab/protocol/id.ts';
import type { AgentFiles, Look } from './agent-files.ts';
import type { DocView } from './doc-view.ts';
import type { Base, DiskEntry } from './reconcile.ts';

export type Warn = (code: string, message: string, path?: string) => void;

/** Who changes the document: edits of this origin are our own. */
export const DISK_ORIGIN = Symbol('disk');
const GRAVES = 500;

export interface FlushHooks {
	warn: Warn;
	/** A binary file whose bytes are in the sandbox appeared. */
	blob(sha: string, size: number): void;
	/** Bytes that the document names and this sandbox hasn't got. */
	missing(sha: string): void;
	/** Bytes that somebody handed in. */
	held(sha: string): Buffer | undefined;
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
