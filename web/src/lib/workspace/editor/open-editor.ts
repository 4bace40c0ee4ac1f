// One open text file: a CodeMirror view on a Y.Text, with an undo history of this user's own edits.

import * as Y from 'yjs';
import type { Awareness } from 'y-protocols/awareness';
import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, indentWithTab } from '@codemirror/commands';
import { forEachDiagnostic, lintGutter, lintKeymap, setDiagnosticsEffect } from '@codemirror/lint';
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
import { diffText } from '@containrlab/protocol/text-diff.ts';
import { languageToolsOf } from './language/language-of.ts';
import { formatted, languageTools } from './language/tools.ts';
import type { Hint } from './language/hint.ts';
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

/** A hint, and the line that it is about, from 1. */
export type Problem = Pick<Hint, 'severity' | 'message'> & { line: number };

/** What came of formatting; `line` is where the text can't be read. */
export type FormatOutcome =
	| { kind: 'formatted' }
	| { kind: 'unchanged' }
	| { kind: 'no-answer' }
	| { kind: 'mistake'; line: number; message: string };

/** Others may type while it is worked out; then it is worked out again. */
const FORMAT_TRIES = 3;

type Options = {
	text: Y.Text;
	path: string;
	awareness: Awareness;
	readOnly: boolean;
	/** Tab moves the focus on, instead of indenting. */
	tabLeaves: boolean;
	wrap: boolean;
	/** Images to offer in a Dockerfile. */
	images: readonly string[];
	/** Ctrl+M was pressed. */
	onToggleTab: () => void;
	/** What is to be said about the text as it is now. */
	onProblems: (problems: Problem[]) => void;
};

export class OpenEditor {
	readonly view: EditorView;
	readonly #undo: Y.UndoManager;
	readonly #language = new Compartment();
	readonly #readOnly = new Compartment();
	readonly #label = new Compartment();
	readonly #tools = new Compartment();
	readonly #wrap = new Compartment();
	readonly #images: readonly string[];
	#path: string;
	#isReadOnly: boolean;

	constructor(options: Options) {
		const { text, path, awareness, readOnly, tabLeaves, wrap, images } = options;
		this.#path = path;
		this.#images = images;
		this.#isReadOnly = readOnly;
		// yCollab adds its own origin: only what is typed in this view can be undone here.
		this.#undo = new Y.UndoManager(text, { trackedOrigins: new Set(), captureTimeout: 400 });
		this.view = new EditorView({
			state: EditorState.create({
				doc: text.toString(),
				extensions: [
					EditorState.lineSeparator.of('\n'),
					editing(options.onToggleTab),
					yCollab(text, null, { undoManager: this.#undo }),
					peers(text, awareness),
					flashed,
					editorLooks,
					this.#language.of([]),
					this.#tools.of(this.#toolsFor(path)),
					this.#wrap.of(wrap ? EditorView.lineWrapping : []),
					problemsTo(options.onProblems),
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
		this.view.dispatch({
			effects: [
				this.#label.reconfigure(labelled(path)),
				this.#tools.reconfigure(this.#toolsFor(path)),
			],
		});
		if (changed) void this.#loadLanguage();
	}

	setWrap(wrap: boolean): void {
		this.view.dispatch({ effects: this.#wrap.reconfigure(wrap ? EditorView.lineWrapping : []) });
	}

	/** By small edits, so that others' cursors and one's own undo survive. */
	async format(): Promise<FormatOutcome> {
		const language = languageToolsOf(this.#path);
		if (!language) return { kind: 'unchanged' };
		for (let tries = 0; tries < FORMAT_TRIES; tries += 1) {
			const { doc } = this.view.state;
			const before = doc.toString();
			const result = await formatted(language, before);
			if (!result) return { kind: 'no-answer' };
			if (!result.ok) return { kind: 'mistake', line: result.line, message: result.message };
			if (this.view.state.doc !== doc) continue;
			const changes = diffText(before, result.text).map(({ start, end, text }) => ({
				...{ from: start, to: end, insert: text },
			}));
			if (changes.length === 0) return { kind: 'unchanged' };
			this.view.dispatch({ changes, userEvent: 'format' });
			return { kind: 'formatted' };
		}
		return { kind: 'no-answer' };
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

	#toolsFor(path: string): Extension {
		const language = languageToolsOf(path);
		return language ? [languageTools(language, this.#images), lintGutter()] : [];
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

/** Their places move with the text; what they say is renewed after a pause in typing. */
const problemsTo = (tell: (problems: Problem[]) => void): Extension =>
	EditorView.updateListener.of(({ state, docChanged, transactions }) => {
		const renewed = transactions.some((transaction) =>
			transaction.effects.some((effect) => effect.is(setDiagnosticsEffect)),
		);
		if (!renewed && !docChanged) return;
		const problems: Problem[] = [];
		forEachDiagnostic(state, ({ severity, message }, from) => {
			if (severity === 'hint') return;
			problems.push({ severity, message, line: state.doc.lineAt(from).number });
		});
		tell(problems);
	});

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
		// CodeMirror would read a dropped file into the text; files are for the file tree.
		EditorView.domEventHandlers({
			drop: (event) => (event.dataTransfer?.files.length ?? 0) > 0,
		}),
		keymap.of([
			{ key: 'Ctrl-m', run: toggleTab, preventDefault: true },
			...closeBracketsKeymap,
			...yUndoManagerKeymap,
			...searchKeymap,
			...foldKeymap,
			// F8 and Shift+F8: to the next hint and back.
			...lintKeymap.filter((binding) => binding.key === 'F8'),
			...defaultKeymap,
			indentWithTab,
		]),
	];
}
