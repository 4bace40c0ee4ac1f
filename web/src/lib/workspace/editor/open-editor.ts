// One open text file: a CodeMirror view on a Y.Text, with an undo history of this user's own edits.

import * as Y from 'yjs';
import type { Awareness } from 'y-protocols/awareness';
import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, indentWithTab } from '@codemirror/commands';
import {
	bracketMatching,
	foldGutter,
	foldKeymap,
	indentOnInput,
	indentUnit,
} from '@codemirror/language';
import {
	highlightSelectionMatches,
	openSearchPanel,
	search,
	searchKeymap,
} from '@codemirror/search';
import {
	Compartment,
	EditorState,
	StateEffect,
	StateField,
	type Extension,
} from '@codemirror/state';
import {
	crosshairCursor,
	Decoration,
	drawSelection,
	dropCursor,
	EditorView,
	highlightActiveLine,
	highlightActiveLineGutter,
	highlightSpecialChars,
	keymap,
	lineNumbers,
	rectangularSelection,
	type DecorationSet,
} from '@codemirror/view';
import { yCollab, yUndoManagerKeymap } from 'y-codemirror.next';
import { languageOf } from './languages.ts';
import { peers } from './peers.ts';
import { editorLooks } from './theme.ts';

const flashLine = StateEffect.define<number | null>();
/** The line that evidence points at, marked until the next edit. */
const flashed = StateField.define<DecorationSet>({
	create: () => Decoration.none,
	update(marks, transaction) {
		let next = transaction.docChanged ? Decoration.none : marks;
		for (const effect of transaction.effects) {
			if (!effect.is(flashLine)) continue;
			next =
				effect.value === null
					? Decoration.none
					: Decoration.set([Decoration.line({ class: 'cm-flash' }).range(effect.value)]);
		}
		return next;
	},
	provide: (field) => EditorView.decorations.from(field),
});

type Options = {
	text: Y.Text;
	path: string;
	awareness: Awareness;
	readOnly: boolean;
	/** Tab moves the focus on, instead of indenting. */
	tabLeaves: boolean;
	/** Ctrl+M was pressed. */
	onToggleTab: () => void;
};

export class OpenEditor {
	readonly view: EditorView;
	readonly #undo: Y.UndoManager;
	readonly #language = new Compartment();
	readonly #readOnly = new Compartment();
	readonly #label = new Compartment();
	#path: string;
	#isReadOnly: boolean;

	constructor({ text, path, awareness, readOnly, tabLeaves, onToggleTab }: Options) {
		this.#path = path;
		this.#isReadOnly = readOnly;
		// yCollab adds its own origin: only what is typed in this view can be undone here.
		this.#undo = new Y.UndoManager(text, { trackedOrigins: new Set(), captureTimeout: 400 });
		this.view = new EditorView({
			state: EditorState.create({
				doc: text.toString(),
				extensions: [
					EditorState.lineSeparator.of('\n'),
					editing(onToggleTab),
					yCollab(text, null, { undoManager: this.#undo }),
					peers(text, awareness),
					flashed,
					editorLooks,
					this.#language.of([]),
					this.#readOnly.of(EditorState.readOnly.of(readOnly)),
					this.#label.of(labelled(path)),
				],
			}),
		});
		this.setTabLeaves(tabLeaves);
		void this.#loadLanguage();
	}

	setTabLeaves(leaves: boolean): void {
		this.view.setTabFocusMode(leaves);
	}

	/** A rename keeps the editor, its history and its cursor; only mode and label follow. */
	setPath(path: string): void {
		if (path === this.#path) return;
		const changed = languageOf(path) !== languageOf(this.#path);
		this.#path = path;
		this.view.dispatch({ effects: this.#label.reconfigure(labelled(path)) });
		if (changed) void this.#loadLanguage();
	}

	setReadOnly(readOnly: boolean): void {
		if (readOnly === this.#isReadOnly) return;
		this.#isReadOnly = readOnly;
		this.view.dispatch({
			effects: this.#readOnly.reconfigure(EditorState.readOnly.of(readOnly)),
		});
	}

	/** Goes to a line, from 1, and marks it. */
	reveal(line: number): void {
		const { doc } = this.view.state;
		const { from } = doc.line(Math.min(Math.max(line, 1), doc.lines));
		this.view.dispatch({
			selection: { anchor: from },
			effects: [EditorView.scrollIntoView(from, { y: 'center' }), flashLine.of(from)],
		});
		this.view.focus();
	}

	search(): void {
		openSearchPanel(this.view);
	}

	destroy(): void {
		this.view.destroy();
		this.#undo.destroy();
	}

	async #loadLanguage(): Promise<void> {
		const load = languageOf(this.#path);
		const extension = load ? await load() : [];
		// Renamed meanwhile: the later call has the say.
		if (languageOf(this.#path) !== load) return;
		this.view.dispatch({ effects: this.#language.reconfigure(extension) });
	}
}

const labelled = (path: string): Extension =>
	EditorView.contentAttributes.of({ 'aria-label': `Editor, ${path}` });

function editing(onToggleTab: () => void): Extension {
	const toggleTab = (): boolean => {
		onToggleTab();
		return true;
	};
	return [
		lineNumbers(),
		highlightActiveLineGutter(),
		highlightActiveLine(),
		highlightSpecialChars(),
		foldGutter(),
		drawSelection(),
		dropCursor(),
		rectangularSelection(),
		crosshairCursor(),
		EditorState.allowMultipleSelections.of(true),
		EditorState.tabSize.of(4),
		indentUnit.of('    '),
		indentOnInput(),
		bracketMatching(),
		closeBrackets(),
		highlightSelectionMatches(),
		search(),
		keymap.of([
			{ key: 'Ctrl-m', run: toggleTab, preventDefault: true },
			...closeBracketsKeymap,
			...yUndoManagerKeymap,
			...searchKeymap,
			...foldKeymap,
			...defaultKeymap,
			indentWithTab,
		]),
	];
}
