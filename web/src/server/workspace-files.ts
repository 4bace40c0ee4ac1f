// A workspace's files for those who ask over HTTP: read from the document, changed through sync, one
// change of a workspace after the other.

import type * as Y from 'yjs';
import { workspaceRoom } from '@containrlab/protocol/id.ts';
import type { FileContent } from '@containrlab/protocol/workspace-doc.ts';
import * as edits from './api/file-edits.ts';
import type { FileInfo } from './api/schemas.ts';
import type { Documents } from './documents.ts';
import { resetFiles } from './reset-files.ts';
import { Refused } from './service-call.ts';
import type { SyncClient } from './sync-client.ts';

/** Where a change is made, and whose it is. */
export interface Editing {
	workspaceId: string;
	userId: string;
}

/** Remembered writers: each is a client id that the documents keep for ever. */
const WRITERS = 5_000;

export class WorkspaceFiles {
	readonly #sync: Pick<SyncClient, 'applyUpdate'>;
	readonly #documents: Documents;
	/** By workspace, the end of what is under way. */
	readonly #queues = new Map<string, Promise<unknown>>();
	/** By workspace and person, the Yjs client that writes for them. */
	readonly #writers = new Map<string, number>();

	constructor(sync: Pick<SyncClient, 'applyUpdate'>, documents: Documents) {
		this.#sync = sync;
		this.#documents = documents;
	}

	async list(workspaceId: string): Promise<edits.Result<{ files: FileInfo[] }>> {
		const loaded = await this.#load(workspaceId);
		return loaded.ok ? { ok: true, files: edits.listOf(loaded.doc) } : loaded;
	}

	async read(workspaceId: string, path: string): Promise<ReturnType<typeof edits.read>> {
		const loaded = await this.#load(workspaceId);
		return loaded.ok ? edits.read(loaded.doc, path) : loaded;
	}

	make(at: Editing, wanted: Parameters<typeof edits.make>[1]): Promise<edits.Changed> {
		return this.#edit(at, (doc) => edits.make(doc, wanted));
	}

	write(
		at: Editing,
		path: string,
		text: string,
		conditions: edits.Conditions,
	): Promise<edits.Changed> {
		return this.#edit(at, (doc) => edits.write(doc, path, text, conditions));
	}

	move(at: Editing, from: string, to: string): Promise<edits.Changed> {
		return this.#edit(at, (doc) => edits.move(doc, from, to));
	}

	remove(at: Editing, path: string, conditions: edits.Conditions): Promise<edits.Result<object>> {
		return this.#edit(at, (doc) => edits.remove(doc, path, conditions));
	}

	/** Makes them the starter's; what they were can be brought back. */
	reset(at: Editing, starter: readonly FileContent[]): Promise<edits.Result<object>> {
		return this.#edit(at, (doc) => {
			resetFiles(doc, starter);
			return { ok: true };
		});
	}

	async #load(workspaceId: string): Promise<edits.Result<{ doc: Y.Doc }>> {
		const loaded = await this.#documents.load(workspaceId);
		if (loaded.ok) return loaded;
		const headers = { 'retry-after': String(loaded.seconds) };
		return { ok: false, code: 'too-many-requests', detail: { headers } };
	}

	/** After what is under way there: a condition holds for what it was checked against. */
	async #edit<T>(at: Editing, change: (doc: Y.Doc) => edits.Result<T>): Promise<edits.Result<T>> {
		const before = this.#queues.get(at.workspaceId) ?? Promise.resolve();
		const work = before.then(() => this.#editNow(at, change));
		const settled = work.catch(() => {});
		this.#queues.set(at.workspaceId, settled);
		try {
			return await work;
		} finally {
			if (this.#queues.get(at.workspaceId) === settled) this.#queues.delete(at.workspaceId);
		}
	}

	async #editNow<T>(
		{ workspaceId, userId }: Editing,
		change: (doc: Y.Doc) => edits.Result<T>,
	): Promise<edits.Result<T>> {
		const loaded = await this.#load(workspaceId);
		if (!loaded.ok) return loaded;
		const { doc } = loaded;
		const key = `${workspaceId} ${userId}`;
		// One client for all of a person's changes, or each would make the document grow for good.
		doc.clientID = this.#writers.get(key) ?? doc.clientID;
		// If it stays unknown whether sync took the change, its client must not write another.
		this.#writers.delete(key);
		const updates: Uint8Array[] = [];
		doc.on('update', (update: Uint8Array) => updates.push(update));
		const result = doc.transact(() => change(doc));
		try {
			for (const update of updates) {
				await this.#sync.applyUpdate(workspaceRoom(workspaceId), userId, update);
			}
		} catch (cause) {
			const code = cause instanceof Refused ? REFUSED[cause.status] : undefined;
			if (code) return { ok: false, code };
			throw cause;
		}
		this.#writers.set(key, doc.clientID);
		if (this.#writers.size > WRITERS) {
			const [oldest] = this.#writers.keys();
			if (oldest !== undefined) this.#writers.delete(oldest);
		}
		return result;
	}
}

/** What sync refuses for good reason, by status. */
const REFUSED: Record<number, 'too-large' | 'too-costly' | undefined> = {
	413: 'too-large',
	422: 'too-costly',
};
