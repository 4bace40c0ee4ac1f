// The file tree: workspace entries, with the directories that their paths imply, as rows to show.

import type { FileKind } from '@containrlab/protocol/workspace-doc.ts';
import { FILE_LIMITS, pathProblem, PATH_PROBLEM_TEXT } from '@containrlab/protocol/path.ts';

/** The part of a WorkspaceFile that the tree needs. */
export type TreeFile = { id: string; kind: FileKind; path: string };

export type TreeRow = {
	path: string;
	name: string;
	/** From 1, as aria-level counts. */
	level: number;
	kind: FileKind;
	/** The entry behind it; an implied directory has none. */
	id: string | undefined;
	/** Only directories: whether their content shows. */
	expanded: boolean | undefined;
	/** Place among its siblings, for screen readers. */
	position: number;
	siblings: number;
};

type Node = {
	name: string;
	path: string;
	kind: FileKind;
	id?: string;
	children: Map<string, Node>;
};

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

export function buildRows(files: readonly TreeFile[], collapsed: ReadonlySet<string>): TreeRow[] {
	const root: Node = { name: '', path: '', kind: 'dir', children: new Map() };
	for (const file of files) insert(root, file);
	const rows: TreeRow[] = [];
	walk(root, 1, collapsed, rows);
	return rows;
}

function insert(root: Node, file: TreeFile): void {
	const parts = file.path.split('/');
	let node = root;
	for (const [index, name] of parts.entries()) {
		const last = index === parts.length - 1;
		const path = parts.slice(0, index + 1).join('/');
		let child = node.children.get(name);
		if (!child) {
			child = { name, path, kind: last ? file.kind : 'dir', children: new Map() };
			node.children.set(name, child);
		}
		if (last) child.id ??= file.id;
		node = child;
	}
}

function walk(node: Node, level: number, collapsed: ReadonlySet<string>, rows: TreeRow[]): void {
	const children = [...node.children.values()].sort(
		(a, b) =>
			Number(b.kind === 'dir') - Number(a.kind === 'dir') ||
			collator.compare(a.name, b.name) ||
			(a.name < b.name ? -1 : 1),
	);
	for (const [index, child] of children.entries()) {
		const expanded = child.kind === 'dir' ? !collapsed.has(child.path) : undefined;
		rows.push({
			path: child.path,
			name: child.name,
			level,
			kind: child.kind,
			id: child.id,
			expanded,
			position: index + 1,
			siblings: children.length,
		});
		if (expanded) walk(child, level + 1, collapsed, rows);
	}
}

/** The entries at or below a directory. */
export function entriesUnder<T extends TreeFile>(files: readonly T[], directory: string): T[] {
	return files.filter(
		(file) =>
			file.path.startsWith(`${directory}/`) || (file.kind === 'dir' && file.path === directory),
	);
}

/** Why a new name can't be, in words, or undefined. `self` is what is being renamed. */
export function nameProblem(
	files: readonly TreeFile[],
	path: string,
	self: string | undefined,
): string | undefined {
	const problem = pathProblem(path);
	if (problem) return PATH_PROBLEM_TEXT[problem];
	if (self === undefined && files.length >= FILE_LIMITS.files) {
		return `A workspace holds ${FILE_LIMITS.files} files at most.`;
	}
	if (path === self) return undefined;
	if (self !== undefined && path.startsWith(`${self}/`)) {
		return 'A folder can’t move into itself.';
	}
	for (const file of files) {
		if (file.path === path || file.path.startsWith(`${path}/`)) {
			return `There is already something called ${path}.`;
		}
		if (file.kind !== 'dir' && path.startsWith(`${file.path}/`)) {
			return `${file.path} is a file, so nothing can be inside it.`;
		}
	}
	return undefined;
}

export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Which path of the workspace a link leads to; undefined when it leads out. */
export function linkTarget(path: string, target: string): string | undefined {
	if (target.startsWith('/workspace/')) return linkTarget('', target.slice('/workspace/'.length));
	if (target.startsWith('/')) return undefined;
	const parts = parentOf(path).split('/').filter(Boolean);
	for (const part of target.split('/')) {
		if (part === '..' && parts.pop() === undefined) return undefined;
		if (part !== '' && part !== '.' && part !== '..') parts.push(part);
	}
	return parts.join('/');
}
