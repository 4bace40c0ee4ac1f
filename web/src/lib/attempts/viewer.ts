// A submitted file to read: CodeMirror with its colours, a marked line, and nothing to type into.

import { foldGutter, foldKeymap } from '@codemirror/language';
import { search, searchKeymap } from '@codemirror/search';
import { EditorState, StateEffect, StateField, type Extension } from '@codemirror/state';
import {
	Decoration,
	EditorView,
	highlightSpecialChars,
	keymap,
	lineNumbers,
	type DecorationSet,
} from '@codemirror/view';
import { languageOf } from '#lib/workspace/editor/languages.ts';
import { editorLooks } from '#lib/workspace/editor/theme.ts';

const markLine = StateEffect.define<number>();
const markedLine = StateField.define<DecorationSet>({
	create: () => Decoration.none,
	update: (marks, { effects }) =>
		effects.reduce(
			(now, effect) =>
				effect.is(markLine)
					? Decoration.set([
							Decoration.line({ class: 'cm-flash', attributes: { 'data-marked': '' } }).range(
								effect.value,
							),
						])
					: now,
			marks,
		),
	provide: (field) => EditorView.decorations.from(field),
});

/** Read only, but reached by the keyboard and scrolled with it. */
export const readOnly = (label: string): Extension => [
	EditorState.readOnly.of(true),
	EditorView.editable.of(false),
	EditorView.contentAttributes.of({ tabindex: '0', 'aria-label': label }),
	highlightSpecialChars(),
	EditorState.tabSize.of(4),
	editorLooks,
];

type Options = { path: string; text: string; onLine: (line: number) => void };

export class FileViewer {
	readonly #view: EditorView;

	private constructor(view: EditorView) {
		this.#view = view;
	}

	static async open(host: HTMLElement, { path, text, onLine }: Options): Promise<FileViewer> {
		const language = await languageOf(path)?.();
		const state = EditorState.create({
			doc: text,
			extensions: [
				readOnly(`${path}, as it was submitted`),
				lineNumbers({
					domEventHandlers: {
						click: (view, block) => {
							onLine(view.state.doc.lineAt(block.from).number);
							return true;
						},
					},
				}),
				foldGutter(),
				search(),
				keymap.of([...searchKeymap, ...foldKeymap]),
				markedLine,
				language ?? [],
			],
		});
		return new FileViewer(new EditorView({ state, parent: host }));
	}

	/** Marks a line, from 1, and brings it into sight. */
	mark(line: number): void {
		const { doc } = this.#view.state;
		const { from } = doc.line(Math.min(Math.max(line, 1), doc.lines));
		this.#view.dispatch({
			effects: [markLine.of(from), EditorView.scrollIntoView(from, { y: 'nearest', yMargin: 80 })],
		});
	}

	destroy(): void {
		this.#view.destroy();
	}
}
