// Everything behind one workspace's screen, wired together.

import { toast } from 'svelte-sonner';
import {
	createFile,
	deleteFile,
	renameFile,
	restoreFile,
	type WorkspaceFile,
} from '@containrlab/protocol/workspace-doc.ts';
import { Events } from '#lib/events/events.svelte.ts';
import { Attempts } from './attempts.svelte.ts';
import { Hand } from './hand.svelte.ts';
import { Here, tellServer } from './here.ts';
import { WorkspaceDocument } from './document.svelte.ts';
import { FindInFiles } from './find/find.svelte.ts';
import { askReset } from './reset.ts';
import { Preview } from './preview.svelte.ts';
import { Sandbox } from './sandbox.svelte.ts';
import { Tabs } from './tabs.svelte.ts';
import type { SharedTerminal } from './terminal/terminal.svelte.ts';
import { Terminals } from './terminal/terminals.svelte.ts';
import { entriesUnder } from './tree.ts';
import type { WorkspaceData } from './types.ts';
import { untilIdle } from './until-idle.ts';
import { Uploads } from './upload/uploads.svelte.ts';

/** What isn't needed to read and type waits so long for the text at most. */
const TEXT_FIRST_MS = 4_000;

/** What the right pane shows. */
export type Side = 'verdict' | 'preview';
/** What can be shown below the editor. */
export type Dock = 'problems' | 'find';

export class Workspace {
	/** What doesn't change while the page is open, and the lab. */
	readonly data: WorkspaceData;
	readonly document: WorkspaceDocument;
	readonly tabs: Tabs;
	readonly sandbox: Sandbox;
	readonly terminals: Terminals;
	readonly preview: Preview;
	readonly attempts: Attempts;
	readonly hand: Hand;
	/** Undefined for those who only visit. */
	readonly here: Here | undefined;
	readonly events: Events;
	readonly uploads: Uploads;
	readonly find: FindInFiles;
	dock = $state<Dock>();
	side = $state<Side>('verdict');
	#leaveDocument: (() => void) | undefined;

	constructor(data: WorkspaceData, reload: () => Promise<void>) {
		this.data = data;
		// Only until sync has stamped it with what the ticket says.
		const me = { ...data.me, role: data.isStaff ? 'ta' : 'student' } as const;
		this.document = new WorkspaceDocument(data.room, me, data.workspace.owner.id);
		this.tabs = new Tabs(this.document, data.access === 'read', data.lab.images);
		this.sandbox = new Sandbox(data.workspace.id, data.sandbox, data.runnerDown ?? false);
		this.preview = new Preview(data.workspace.id);
		this.terminals = new Terminals(data.workspace.id, ({ port, path }) => {
			this.side = 'preview';
			void this.preview.show(port, path);
		});
		this.attempts = new Attempts(data.workspace.id, this.document, data.attempts, reload);
		this.hand = new Hand(data.workspace.id, data.hand);
		this.here = data.isOwner ? new Here(tellServer(data.workspace.id)) : undefined;
		this.events = new Events(data.me.id, data.lastEventId);
		this.uploads = new Uploads(data.workspace.id, this.document);
		this.find = new FindInFiles(this.document);
	}

	/** The one in front. */
	get terminal(): SharedTerminal {
		return this.terminals.front;
	}

	get writable(): boolean {
		return this.data.access === 'write';
	}

	/** Asks for the document: first of all, and before the page is mounted, as all waits for it. */
	connect(): void {
		this.#leaveDocument = this.document.start();
	}

	/** Connects to everything else; the returned function lets go of it all. */
	start(): () => void {
		const leaveEvents = this.events.start();
		const leavePreview = this.preview.start();
		this.events.on((event) => {
			if (!('workspace' in event) || event.workspace !== this.data.workspace.id) return;
			if (event.type === 'sandbox') this.sandbox.happened(event.state);
			else if (event.type === 'hand') this.hand.happened(event);
			else if (event.type === 'attempt') {
				void this.attempts.happened(event);
				if (event.status === 'queued') this.side = 'verdict';
			} else if (event.type === 'ports') this.preview.happened(event);
			else if (event.type === 'warning') toast.warning(event.message);
		});
		if (this.data.isOwner && this.#needsSandbox()) void this.sandbox.start();
		return () => {
			leaveEvents();
			leavePreview();
			this.here?.stop();
			this.uploads.cancel();
			this.find.close();
			this.tabs.destroy();
			this.#leaveDocument?.();
		};
	}

	/** The browser's time is the text's first, but not for ever. */
	async textFirst(): Promise<void> {
		const patience = new Promise<void>((resolve) => setTimeout(resolve, TEXT_FIRST_MS));
		await Promise.race([this.tabs.shown, patience]);
		await untilIdle();
	}

	/** The page's data was loaded again. */
	update(data: WorkspaceData): void {
		this.sandbox.update(data.sandbox, data.runnerDown ?? false);
		this.attempts.update(data.attempts);
		this.hand.update(data.hand);
	}

	/** Opens the file that the lab begins with, once the document is here. */
	openFirst(): void {
		if (this.tabs.open.length > 0) return;
		const { files } = this.document;
		const first =
			files.find((file) => file.path === this.data.lab.open) ??
			files.find((file) => file.kind === 'text');
		if (first) this.tabs.show(first.id);
	}

	/** Where the document's text, or a file, can be had. `path` may be a directory; '' is everything. */
	downloadUrl(path = ''): string {
		const query = path === '' ? '' : `?path=${encodeURIComponent(path)}`;
		return `/w/${this.data.workspace.id}/download${query}`;
	}

	/** Formats the file in front, or says why not; nothing changes then. */
	async format(): Promise<void> {
		const { tabs, document } = this;
		const path = tabs.active === null ? undefined : document.byId.get(tabs.active)?.path;
		const outcome = await tabs.format();
		if (!outcome || path === undefined) return;
		if (outcome.kind === 'formatted') toast.success(`Formatted ${path}`);
		else if (outcome.kind === 'unchanged') toast(`${path} is formatted already`);
		else if (outcome.kind === 'no-answer') {
			toast.error(`${path} could not be formatted just now. Nothing was changed.`);
		} else {
			tabs.reveal(path, outcome.line);
			toast.error(`${path} has a mistake in line ${outcome.line}: ${outcome.message}`, {
				...{ description: 'Nothing was changed.', duration: 10_000 },
			});
		}
	}

	createFile(path: string): void {
		const id = this.document.doc.transact(() =>
			createFile(this.document.doc, { kind: 'text', path, mode: 0o644, text: '' }),
		);
		this.tabs.enter(id);
	}

	createFolder(path: string): void {
		this.document.doc.transact(() =>
			createFile(this.document.doc, { kind: 'dir', path, mode: 0o755 }),
		);
	}

	/** Moves a file, or a directory with all that is in it. */
	rename(from: string, to: string): void {
		const { doc, files } = this.document;
		const file = files.find((entry) => entry.path === from && entry.kind !== 'dir');
		doc.transact(() => {
			if (file) return renameFile(doc, file.id, to);
			for (const entry of entriesUnder(files, from)) {
				renameFile(doc, entry.id, to + entry.path.slice(from.length));
			}
		});
	}

	/** Deletes at once, and offers it back for a while. */
	delete(path: string): void {
		const { doc, files } = this.document;
		const file = files.find((entry) => entry.path === path && entry.kind !== 'dir');
		const gone = file ? [file] : entriesUnder(files, path);
		if (gone.length === 0) return;
		doc.transact(() => gone.forEach((entry) => deleteFile(doc, entry.id)));
		for (const entry of gone) this.tabs.close(entry.id);
		toast(`Deleted ${path}`, {
			duration: 10_000,
			action: { label: 'Undo', onClick: () => this.restore(gone) },
		});
	}

	restore(gone: readonly Pick<WorkspaceFile, 'id'>[]): void {
		const { doc } = this.document;
		doc.transact(() => gone.forEach((entry) => restoreFile(doc, entry.id)));
	}

	/** The lab's starter again, `sandboxToo` in a fresh sandbox; answers why not. */
	async reset(sandboxToo: boolean): Promise<string | undefined> {
		if (this.sandbox.busy) return undefined;
		this.sandbox.busy = true;
		try {
			const { view, problem } = await askReset(this.data.workspace.id, sandboxToo);
			if (problem !== undefined) return problem;
			if (view) this.sandbox.update(view.sandbox, view.runnerDown);
			const missed = sandboxToo && !view?.ok;
			if (missed) toast.error('The files were reset, but the sandbox can’t be replaced right now.');
			else toast.success('This is where the lab begins. What was here is under Deleted files.');
			return undefined;
		} finally {
			this.sandbox.busy = false;
		}
	}

	/** Another file took a deleted one's place: its tab shows that one. */
	followPaths(): void {
		const { byId, files } = this.document;
		for (const id of this.tabs.open) {
			const gone = byId.get(id);
			if (gone?.deletedAt === undefined) continue;
			const other = files.find((file) => file.path === gone.path && file.kind !== 'dir');
			if (other) this.tabs.replace(id, other.id);
		}
	}

	#needsSandbox(): boolean {
		const { state } = this.sandbox;
		return !state || state.status === 'gone' || state.status === 'failed';
	}
}
