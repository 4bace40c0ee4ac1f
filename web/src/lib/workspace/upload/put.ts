// One uploaded file into the workspace's document.

import type * as Y from 'yjs';
import { diffText } from '@containrlab/protocol/text-diff.ts';
import {
	createFile,
	deleteFile,
	filesOf,
	splitText,
	type WorkspaceFile,
} from '@containrlab/protocol/workspace-doc.ts';

export type Content =
	{ kind: 'text'; text: string } | { kind: 'binary'; size: number; sha: string };

/** `there` gives way; a text stays the same text, so that cursors and undo in it survive. */
export function putFile(
	doc: Y.Doc,
	path: string,
	content: Content,
	there: WorkspaceFile | undefined,
): void {
	doc.transact(() => {
		if (there?.text && content.kind === 'text') return putText(doc, there, content.text);
		const node = there && filesOf(doc).get(there.id);
		if (node && there.kind === 'binary' && content.kind === 'binary') {
			node.set('size', content.size);
			node.set('sha', content.sha);
			return;
		}
		// Another kind of file is another file: the old one can be brought back.
		if (there) deleteFile(doc, there.id);
		createFile(doc, { ...content, path, mode: there?.mode ?? 0o644 });
	});
}

function putText(doc: Y.Doc, there: WorkspaceFile, whole: string): void {
	const { text, eol, bom } = splitText(whole);
	const shared = there.text!;
	for (const { start, end, text: added } of diffText(shared.toString(), text).reverse()) {
		if (end > start) shared.delete(start, end - start);
		if (added !== '') shared.insert(start, added);
	}
	const node = filesOf(doc).get(there.id);
	if (there.eol !== eol) node?.set('eol', eol);
	if (there.bom !== bom) node?.set('bom', bom);
}
