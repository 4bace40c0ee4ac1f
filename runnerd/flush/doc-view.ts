// The workspace document as reconcile sees it; texts are hashed again only when they changed.

import * as Y from 'yjs';
import { filesOf, joinText, listFiles } from '@containrlab/protocol/workspace-doc.ts';
import type { FileNode, WorkspaceFile } from '@containrlab/protocol/workspace-doc.ts';
import { encodeText, linkContent, sha256 } from './content.ts';
import type { DocEntry } from './reconcile.ts';

export class DocView {
	readonly doc: Y.Doc;
	#files: Map<string, WorkspaceFile> | undefined;
	#hashes = new Map<string, string>();
	#changed: (transaction: Y.Transaction) => void;

	/** `changed` hears of every transaction that touched the files. */
	constructor(doc: Y.Doc, changed: (transaction: Y.Transaction) => void) {
		this.doc = doc;
		this.#changed = changed;
		filesOf(doc).observeDeep(this.#observe);
	}

	close(): void {
		filesOf(this.doc).unobserveDeep(this.#observe);
	}

	file(id: string): WorkspaceFile | undefined {
		return this.#all().get(id);
	}

	node(id: string): FileNode | undefined {
		const node: unknown = filesOf(this.doc).get(id);
		return node instanceof Y.Map ? node : undefined;
	}

	entries(): DocEntry[] {
		return Array.from(this.#all().values(), (file) => ({
			id: file.id,
			kind: file.kind,
			path: file.path,
			mode: file.mode,
			content: this.#content(file),
			deleted: file.deletedAt !== undefined,
		}));
	}

	/** What the file is on disk, when it is text. */
	bytes(id: string): Buffer | undefined {
		const file = this.file(id);
		return file?.text && encodeText(joinText(file.text.toString(), file.eol, file.bom));
	}

	#all(): Map<string, WorkspaceFile> {
		return (this.#files ??= new Map(listFiles(this.doc).map((file) => [file.id, file])));
	}

	#content(file: WorkspaceFile): string {
		if (file.kind === 'dir') return 'dir';
		if (file.kind === 'link') return linkContent(file.target ?? '');
		if (file.kind === 'binary') return file.sha ?? '';
		let hash = this.#hashes.get(file.id);
		if (hash === undefined) {
			hash = sha256(this.bytes(file.id)!);
			this.#hashes.set(file.id, hash);
		}
		return hash;
	}

	#observe = (events: Y.YEvent<Y.AbstractType<unknown>>[], transaction: Y.Transaction): void => {
		for (const event of events) {
			const id = event.path[0];
			if (typeof id === 'string') this.#hashes.delete(id);
			else if (event instanceof Y.YMapEvent) {
				for (const key of event.keysChanged) this.#hashes.delete(String(key));
			}
			// Typing changes no names.
			if (!(event.target instanceof Y.Text)) this.#files = undefined;
		}
		this.#changed(transaction);
	};
}
