// A document back at its lab's starter. Nothing is overwritten: what differs is deleted, as a person
// would delete it, and can be brought back; the log keeps all of it anyway.

import * as Y from 'yjs';
import {
	createFile,
	deleteFile,
	joinText,
	liveFiles,
	type FileContent,
	type WorkspaceFile,
} from '@containrlab/protocol/workspace-doc.ts';

/** Call inside `doc.transact`. */
export function resetFiles(doc: Y.Doc, starter: readonly FileContent[]): void {
	const missing = new Map(starter.map((file) => [file.path, file]));
	for (const file of liveFiles(doc)) {
		const wanted = missing.get(file.path);
		if (wanted && isSame(file, wanted)) missing.delete(file.path);
		else deleteFile(doc, file.id);
	}
	for (const file of missing.values()) createFile(doc, file);
}

function isSame(file: WorkspaceFile, wanted: FileContent): boolean {
	if (file.kind !== wanted.kind || file.wantedPath !== wanted.path) return false;
	if (wanted.kind === 'link') return file.target === wanted.target;
	if (file.mode !== wanted.mode) return false;
	if (wanted.kind === 'binary') return file.sha === wanted.sha;
	return (
		wanted.kind === 'dir' ||
		joinText(file.text?.toString() ?? '', file.eol, file.bom) === wanted.text
	);
}
