// Uploads of this page: asked about where names are taken, sent one after the other, and told apart
// into what arrived and what didn't. A file that didn't arrive can be tried again.

import * as Y from 'yjs';
import { FILE_LIMITS } from '@containrlab/protocol/path.ts';
import { SYNC_LIMITS } from '@containrlab/protocol/sync.ts';
import { createFile, decodeText } from '@containrlab/protocol/workspace-doc.ts';
import { bytes as inWords } from '#lib/words.ts';
import type { WorkspaceDocument } from '../document.svelte.ts';
import type { Collected, Incoming } from './collect.ts';
import { planUpload, settle, type ClashAnswer, type Placed } from './plan.ts';
import { putFile, type Content } from './put.ts';
import { sendBytes } from './send.ts';

/** `again`: trying once more may help. */
export type Failure = { path: string; reason: string; again: Incoming | undefined };

export type Progress = {
	/** Files that arrived, of how many. */
	done: number;
	total: number;
	/** Which one is under way, and how much of it has gone out. */
	name: string;
	fraction: number;
	/** All is on its way, but the server hasn't it yet. */
	saving: boolean;
};

type Item = Placed<Incoming & { size: number }>;

/** The document is durable in steps: what waits for that stays far below what sync may hold. */
const STEP_BYTES = 512 * 1024;
const STEP_FILES = 50;
/** All text of a workspace, deleted text too: a document beyond sync's limit couldn't be opened. */
const TEXT_TOTAL = SYNC_LIMITS.document / 2;

export class Uploads {
	/** Paths that are taken; the page asks, and answers with `answer`. */
	asking = $state.raw<readonly string[]>();
	progress = $state.raw<Progress>();
	failures = $state.raw<readonly Failure[]>([]);
	/** How many files the last upload brought, while that is worth saying. */
	arrived = $state(0);
	/** The folder that the last upload went to, '' for the top. */
	folder = $state('');

	readonly #document: WorkspaceDocument;
	readonly #url: string;
	#answer: ((answer: ClashAnswer | undefined) => void) | undefined;
	#running: Promise<void> = Promise.resolve();
	#cancel = new AbortController();

	constructor(workspace: string, document: WorkspaceDocument) {
		this.#document = document;
		this.#url = `/w/${workspace}/blobs`;
	}

	/** One upload after the other, whatever is dropped meanwhile. */
	add(collected: Collected | Promise<Collected>, folder: string): Promise<void> {
		const work = async () => this.#upload(await collected, folder);
		this.#running = this.#running.then(work, work);
		return this.#running;
	}

	/** Undefined: nothing of it. */
	answer(answer: ClashAnswer | undefined): void {
		this.asking = undefined;
		this.#answer?.(answer);
	}

	cancel(): void {
		this.#cancel.abort(new Error('cancelled'));
	}

	retry(): void {
		const files = this.failures.flatMap((failure) => failure.again ?? []);
		this.dismiss();
		void this.add({ files, folders: [], left: [] }, '');
	}

	dismiss(): void {
		this.failures = [];
		this.arrived = 0;
	}

	async #upload({ files, folders, left }: Collected, folder: string): Promise<void> {
		this.dismiss();
		this.folder = folder;
		this.#cancel = new AbortController();
		const present = this.#document.files;
		const sized = files.map((one) => ({ ...one, size: one.file.size }));
		const plan = planUpload(present, sized, folder);
		const refused = [...left, ...plan.refused];
		this.failures = refused.map((one) => ({ ...one, again: undefined }));
		const answer = plan.clashing.length === 0 ? 'skip' : await this.#ask(plan.clashing);
		if (answer === undefined) return this.dismiss();
		const items = settle(plan, answer, this.#document.files);
		this.#makeFolders(folders, folder);
		try {
			await this.#sendAll(items);
		} finally {
			this.progress = undefined;
		}
	}

	#ask(clashing: readonly { path: string }[]): Promise<ClashAnswer | undefined> {
		this.asking = clashing.map((file) => file.path);
		return new Promise((resolve) => (this.#answer = resolve));
	}

	#makeFolders(folders: readonly string[], at: string): void {
		const wanted = folders.map((path) => ({ path, size: 0 }));
		const { free } = planUpload(this.#document.files, wanted, at);
		if (free.length === 0) return;
		const { doc } = this.#document;
		doc.transact(() => {
			for (const { path } of free) createFile(doc, { kind: 'dir', path, mode: 0o755 });
		});
	}

	async #sendAll(items: readonly Item[]): Promise<void> {
		const { signal } = this.#cancel;
		const room = { text: TEXT_TOTAL - Y.encodeStateAsUpdate(this.#document.doc).length };
		let unsaved = { bytes: 0, files: 0 };
		for (const [index, item] of items.entries()) {
			const report = (fraction: number) => {
				const { path: name } = item;
				this.progress = { done: index, total: items.length, name, fraction, saving: false };
			};
			report(0);
			if (signal.aborted) {
				this.#fail(item, 'Cancelled.');
				continue;
			}
			try {
				const content = await this.#prepare(item, room, report, signal);
				if (typeof content === 'string') {
					this.#fail(item, content);
					continue;
				}
				this.#put(item, content);
				this.arrived += 1;
			} catch {
				this.#fail(item, 'Your browser could not read it.');
				continue;
			}
			unsaved = { bytes: unsaved.bytes + item.size, files: unsaved.files + 1 };
			if (unsaved.bytes < STEP_BYTES && unsaved.files < STEP_FILES) continue;
			await this.#saved(index + 1, items.length);
			unsaved = { bytes: 0, files: 0 };
		}
		await this.#saved(items.length, items.length);
	}

	/** What goes into the document, or why nothing does. */
	async #prepare(
		item: Item,
		room: { text: number },
		report: (fraction: number) => void,
		signal: AbortSignal,
	): Promise<Content | string> {
		if (this.#document.status.kind === 'closed') return this.#document.status.text;
		const bytes = new Uint8Array(await item.file.arrayBuffer());
		const text = decodeText(bytes);
		if (text !== undefined) {
			if (bytes.length > room.text) return 'There is no room for more text in this workspace.';
			room.text -= bytes.length;
			return { kind: 'text', text };
		}
		const others = this.#document.files.reduce(
			(sum, file) => sum + (file.id === item.replaces?.id ? 0 : (file.size ?? 0)),
			0,
		);
		if (others + bytes.length > FILE_LIMITS.binaryTotal) {
			const most = inWords(FILE_LIMITS.binaryTotal);
			return `Files that aren’t text may have ${most} together, or they can’t be submitted.`;
		}
		const sent = await sendBytes(this.#url, bytes, report, signal);
		return sent.ok ? { kind: 'binary', sha: sent.sha, size: sent.size } : sent.reason;
	}

	#put(item: Item, content: Content): void {
		const { doc, byId } = this.#document;
		const there = item.replaces && byId.get(item.replaces.id);
		putFile(doc, item.path, content, there?.deletedAt === undefined ? there : undefined);
	}

	async #saved(done: number, total: number): Promise<void> {
		if (total === 0) return;
		this.progress = { done, total, name: '', fraction: 0, saving: true };
		// Who cancels now stops waiting; what is in the document will be saved all the same.
		await this.#document.whenSaved(this.#cancel.signal).catch(() => undefined);
	}

	#fail({ path, file }: Item, reason: string): void {
		this.failures = [...this.failures, { path, reason, again: { path, file } }];
	}
}
