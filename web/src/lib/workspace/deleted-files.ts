// Which deleted files are offered back.

import { pathProblem } from '@containrlab/protocol/path.ts';
import type { WorkspaceFile } from '@containrlab/protocol/workspace-doc.ts';

/** Shown at most: a build that comes and goes leaves hundreds. */
const MOST = 50;

export type DeletedFile = WorkspaceFile & { deletedAt: number };

/** The newest first; of several that had one path the newest, and none that would bring nothing. */
export function deletedFiles(all: readonly WorkspaceFile[]): DeletedFile[] {
	const byPath = new Map<string, DeletedFile>();
	for (const file of all) {
		if (!isDeleted(file) || file.kind === 'dir' || pathProblem(file.path) !== undefined) continue;
		if (file.kind === 'text' && file.text?.length === 0) continue;
		const other = byPath.get(file.path);
		if (!other || other.deletedAt < file.deletedAt) byPath.set(file.path, file);
	}
	return [...byPath.values()].sort((a, b) => b.deletedAt - a.deletedAt).slice(0, MOST);
}

const isDeleted = (file: WorkspaceFile): file is DeletedFile => file.deletedAt !== undefined;
