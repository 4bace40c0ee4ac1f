// Two versions of a file beside or within one another, and how many lines they differ in.

import { Chunk, MergeView, unifiedMergeView } from '@codemirror/merge';
import { EditorState, Text, type Extension } from '@codemirror/state';
import { EditorView, lineNumbers } from '@codemirror/view';
import { languageOf } from '#lib/workspace/editor/languages.ts';
import { readOnly } from './viewer.ts';

/** Two unlike files are told apart roughly rather than for minutes. */
const CONFIG = { scanLimit: 500, timeout: 200 };
const COLLAPSED = { margin: 3, minSize: 6 };

const looks = EditorView.theme({
	'&.cm-merge-b .cm-changedLine, .cm-inlineChangedLine': { backgroundColor: 'var(--passed-soft)' },
	'&.cm-merge-a .cm-changedLine': { backgroundColor: 'var(--failed-soft)' },
	'.cm-insertedLine, ins.cm-insertedLine': { backgroundColor: 'var(--passed-soft)' },
	'.cm-deletedChunk': { backgroundColor: 'var(--failed-soft)', paddingLeft: '0.75rem' },
	'.cm-deletedChunk .cm-deletedText': {
		background: 'none',
		textDecoration: 'underline 2px var(--failed)',
	},
	'&.cm-merge-a .cm-changedText': {
		background: 'none',
		textDecoration: 'underline 2px var(--failed)',
	},
	'&.cm-merge-b .cm-changedText': {
		background: 'none',
		textDecoration: 'underline 2px var(--passed)',
	},
	'.cm-changeGutter': { width: '0.25rem', paddingLeft: '0' },
	'&.cm-merge-b .cm-changedLineGutter, .cm-inlineChangedLineGutter': {
		background: 'var(--passed)',
	},
	'&.cm-merge-a .cm-changedLineGutter, .cm-deletedLineGutter': { background: 'var(--failed)' },
	'.cm-collapsedLines': {
		background: 'var(--ground)',
		color: 'var(--muted)',
		padding: '0.25rem 0.75rem',
		cursor: 'pointer',
	},
});

const common = async (path: string, label: string): Promise<Extension> => [
	readOnly(label),
	lineNumbers(),
	looks,
	(await languageOf(path)?.()) ?? [],
];

type Versions = { path: string; before: string; after: string };

export async function showDifference(
	host: HTMLElement,
	{ path, before, after }: Versions,
	sideBySide: boolean,
): Promise<() => void> {
	const shared = { collapseUnchanged: COLLAPSED, diffConfig: CONFIG, gutter: true };
	if (sideBySide) {
		const view = new MergeView({
			...shared,
			a: { doc: before, extensions: await common(path, `${path}, before`) },
			b: { doc: after, extensions: await common(path, `${path}, in this attempt`) },
			parent: host,
		});
		return () => view.destroy();
	}
	const view = new EditorView({
		parent: host,
		state: EditorState.create({
			doc: after,
			extensions: [
				await common(path, `${path}, what changed`),
				unifiedMergeView({ ...shared, original: before, mergeControls: false }),
			],
		}),
	});
	return () => view.destroy();
}

/** Lines that came and lines that went. */
export function countLines(before: string, after: string): { added: number; removed: number } {
	const [a, b] = [textOf(before), textOf(after)];
	let [added, removed] = [0, 0];
	for (const chunk of Chunk.build(a, b, CONFIG)) {
		removed += linesIn(a, chunk.fromA, chunk.toA, chunk.endA);
		added += linesIn(b, chunk.fromB, chunk.toB, chunk.endB);
	}
	return { added, removed };
}

const textOf = (text: string): Text => Text.of(text.split(/\r\n?|\n/));

/** The empty line after a file's last line end is nobody's. */
function linesIn(doc: Text, from: number, to: number, end: number): number {
	if (from === to) return 0;
	const last = doc.lineAt(end);
	const counted = last.number - doc.lineAt(from).number + 1;
	return last.number === doc.lines && last.length === 0 ? counted - 1 : counted;
}
