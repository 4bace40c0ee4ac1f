// Which files are open, and which is in front.

import type { WorkspaceDocument } from './document.svelte.ts';
import type { FormatOutcome, OpenEditor, Problem } from './editor/open-editor.ts';
import { preferences } from '#lib/preferences.svelte.ts';

/** What to do once a file's editor stands on the page. */
type Goal = { id: string; line: number | undefined };

export class Tabs {
	/** File ids, in the order of the tabs. */
	open = $state.raw<readonly string[]>([]);
	active = $state<string | null>(null);
	/** Tab leaves the editor instead of indenting. */
	tabLeaves = $state(false);

	readonly #document: WorkspaceDocument;
	/** Lives as long as its tab, so that history, scroll and cursor are kept. */
	readonly #editors = new Map<string, OpenEditor>();
	readonly #readOnly: boolean;
	/** Images to offer in a Dockerfile. */
	readonly #images: readonly string[];
	/** What the editor has to say about each open file. */
	#problems = $state.raw<ReadonlyMap<string, readonly Problem[]>>(new Map());
	#goal: Goal | undefined;
	readonly #shown = Promise.withResolvers<void>();
	/** Resolves when an editor stands on the page for the first time. */
	readonly shown = this.#shown.promise;

	constructor(document: WorkspaceDocument, readOnly: boolean, images: readonly string[]) {
		this.#document = document;
		this.#readOnly = readOnly;
		this.#images = images;
	}

	/** Of the file in front. */
	get problems(): readonly Problem[] {
		return (this.active !== null && this.#problems.get(this.active)) || [];
	}

	show(id: string): void {
		if (!this.open.includes(id)) this.open = [...this.open, id];
		this.active = id;
		this.#document.setOpenFile(id);
	}

	/** Shows a file and goes into its editor, to a line if one is named. */
	enter(id: string, line?: number): void {
		this.show(id);
		this.#goal = { id, line };
		this.#reachGoal();
	}

	/** Opens a file by its path and goes to a line; false when there is none. */
	reveal(path: string, line: number): boolean {
		const file = this.#document.files.find((entry) => entry.path === path);
		if (!file) return false;
		this.enter(file.id, line);
		return true;
	}

	close(id: string): void {
		const index = this.open.indexOf(id);
		if (index === -1) return;
		this.open = this.open.filter((other) => other !== id);
		this.#editors.get(id)?.destroy();
		this.#editors.delete(id);
		this.#tell(id, []);
		if (this.active !== id) return;
		this.active = this.open[Math.min(index, this.open.length - 1)] ?? null;
		this.#document.setOpenFile(this.active);
	}

	/** Another file takes a tab's place. */
	replace(id: string, by: string): void {
		const wasActive = this.active === id;
		if (!this.open.includes(by)) {
			this.open = this.open.map((other) => (other === id ? by : other));
		}
		this.#editors.get(id)?.destroy();
		this.#editors.delete(id);
		this.#tell(id, []);
		this.open = this.open.filter((other) => other !== id);
		if (wasActive) this.show(by);
	}

	/** The next tab to the right or left, around the end. */
	step(by: 1 | -1): void {
		if (this.active === null || this.open.length < 2) return;
		const index = this.open.indexOf(this.active) + by;
		this.show(this.open[(index + this.open.length) % this.open.length]!);
	}

	focus(): void {
		if (this.active !== null) this.#editors.get(this.active)?.view.focus();
	}

	/** Of the file in front, if it is within one line. */
	selectedText(): string {
		const view = this.active === null ? undefined : this.#editors.get(this.active)?.view;
		if (!view?.hasFocus) return '';
		const { from, to } = view.state.selection.main;
		const text = view.state.sliceDoc(from, to);
		return text.includes('\n') ? '' : text;
	}

	/** Formats the file in front; undefined when none is. */
	async format(): Promise<FormatOutcome | undefined> {
		return this.active === null ? undefined : this.#editors.get(this.active)?.format();
	}

	toggleWrap(): void {
		preferences.toggleWrap();
		for (const editor of this.#editors.values()) editor.setWrap(preferences.wrap);
	}

	/** Shows a file's editor in `host`; the returned function takes it out again. */
	async mount(id: string, host: HTMLElement): Promise<() => void> {
		const editor = await this.#editor(id);
		if (!editor || !host.isConnected || this.active !== id) return () => {};
		host.replaceChildren(editor.view.dom);
		this.#shown.resolve();
		editor.view.requestMeasure();
		this.#reachGoal();
		return () => editor.view.dom.remove();
	}

	/** Path and life of a file changed: its editor follows. */
	follow(id: string): void {
		const file = this.#document.byId.get(id);
		const editor = this.#editors.get(id);
		if (!file || !editor) return;
		editor.setPath(file.path);
		editor.setReadOnly(this.#readOnly || file.deletedAt !== undefined);
	}

	destroy(): void {
		for (const editor of this.#editors.values()) editor.destroy();
		this.#editors.clear();
	}

	/** Now, if the editor is there already; else when it is mounted. */
	#reachGoal(): void {
		if (!this.#goal) return;
		const { id, line } = this.#goal;
		const editor = this.#editors.get(id);
		if (!editor?.view.dom.isConnected) return;
		this.#goal = undefined;
		if (line === undefined) editor.view.focus();
		else editor.reveal(line);
	}

	#tell(id: string, problems: readonly Problem[]): void {
		if (problems.length === 0 && !this.#problems.has(id)) return;
		const next = new Map(this.#problems);
		if (problems.length === 0) next.delete(id);
		else next.set(id, problems);
		this.#problems = next;
	}

	#toggleTab(): void {
		this.tabLeaves = !this.tabLeaves;
		for (const editor of this.#editors.values()) editor.setTabLeaves(this.tabLeaves);
	}

	async #editor(id: string): Promise<OpenEditor | undefined> {
		const { OpenEditor } = await import('./editor/open-editor.ts');
		const known = this.#editors.get(id);
		const file = this.#document.byId.get(id);
		if (known || !file?.text || !this.open.includes(id)) return known;
		const editor = new OpenEditor({
			text: file.text,
			path: file.path,
			awareness: this.#document.awareness,
			readOnly: this.#readOnly || file.deletedAt !== undefined,
			tabLeaves: this.tabLeaves,
			wrap: preferences.wrap,
			images: this.#images,
			onToggleTab: () => this.#toggleTab(),
			onProblems: (problems) => this.#tell(id, problems),
		});
		this.#editors.set(id, editor);
		return editor;
	}
}
