// The workspace document: the shape of a workspace's files inside one Yjs document.
//
//   files: Y.Map<fileId, Y.Map{ kind, path, mode, eol, bom, deletedAt, text?, size?, sha?, target? }>
//
// A rename sets `path`; a delete sets `deletedAt`. A key is never removed, so text that someone is
// typing meanwhile survives and can be offered back. Text holds LF only: an editor counts CRLF as
// one character where Y.Text counts two; the file's own line end and BOM return on disk. A file that
// turns from text to another kind keeps its Y.Text, emptied, for whoever is just typing there. runnerd
// adds `seen`: which version of the disk's file the text has taken in, set in the same transaction.

import * as Y from 'yjs';
import { newId } from './id.ts';
import { FILE_LIMITS, pathProblem } from './path.ts';

export type FileKind = 'text' | 'binary' | 'dir' | 'link';
export type Eol = 'lf' | 'crlf';

/** One entry, read out of the document. `path` is where it shows, after clashes are settled. */
export interface WorkspaceFile {
	id: string;
	kind: FileKind;
	path: string;
	/** The path that its author asked for; differs from `path` when two entries clash. */
	wantedPath: string;
	/** Unix permission bits, e.g. 0o644. */
	mode: number;
	eol: Eol;
	bom: boolean;
	/** Milliseconds since the epoch; undefined while the file lives. */
	deletedAt: number | undefined;
	/** Only for `text`. */
	text: Y.Text | undefined;
	/** Only for `binary`: bytes, and lower-case hex SHA-256. */
	size: number | undefined;
	sha: string | undefined;
	/** Only for `link`: where it points. */
	target: string | undefined;
}

/** A file as content, outside any document: a lab's starter, a submission. */
export type FileContent =
	| { kind: 'text'; path: string; mode: number; text: string }
	| { kind: 'binary'; path: string; mode: number; size: number; sha: string }
	| { kind: 'link'; path: string; target: string }
	| { kind: 'dir'; path: string; mode: number };

export type FileNode = Y.Map<unknown>;

export const filesOf = (doc: Y.Doc): Y.Map<FileNode> => doc.getMap('files');

// The BOM is ours to keep; invalid UTF-8 is binary, never mended.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Undefined for what isn't text: invalid UTF-8, a NUL, or more than the limit. */
export function decodeText(bytes: Uint8Array): string | undefined {
	if (bytes.length > FILE_LIMITS.text || bytes.includes(0)) return undefined;
	try {
		return utf8.decode(bytes);
	} catch {
		return undefined;
	}
}

/** Splits what is on disk from what is in the document; `joinText` is its inverse. */
export function splitText(disk: string): { text: string; eol: Eol; bom: boolean } {
	const bom = disk.startsWith('\ufeff');
	const body = bom ? disk.slice(1) : disk;
	// Only pure CRLF comes back as such: mixed ends become LF with the first edit of the text.
	const crlf = body.includes('\r\n') && !/(^|[^\r])\n/.test(body);
	return { text: body.replaceAll('\r\n', '\n'), eol: crlf ? 'crlf' : 'lf', bom };
}

export function joinText(text: string, eol: Eol, bom: boolean): string {
	return (bom ? '\ufeff' : '') + (eol === 'crlf' ? text.replaceAll('\n', '\r\n') : text);
}

/** Adds a file and returns its id. Call inside `doc.transact`. */
export function createFile(doc: Y.Doc, file: FileContent, id = newId(12)): string {
	const node: FileNode = new Y.Map();
	node.set('kind', file.kind);
	node.set('path', file.path);
	if (file.kind !== 'link') node.set('mode', file.mode);
	if (file.kind === 'text') {
		const { text, eol, bom } = splitText(file.text);
		node.set('eol', eol);
		node.set('bom', bom);
		node.set('text', new Y.Text(text));
	} else if (file.kind === 'binary') {
		node.set('size', file.size);
		node.set('sha', file.sha);
	} else if (file.kind === 'link') {
		node.set('target', file.target);
	}
	filesOf(doc).set(id, node);
	return id;
}

export function renameFile(doc: Y.Doc, id: string, path: string): void {
	filesOf(doc).get(id)?.set('path', path);
}

/** `now` in milliseconds. The text stays, to be offered back. */
export function deleteFile(doc: Y.Doc, id: string, now = Date.now()): void {
	filesOf(doc).get(id)?.set('deletedAt', now);
}

export function restoreFile(doc: Y.Doc, id: string): void {
	filesOf(doc).get(id)?.delete('deletedAt');
}

/** The starter as the first update of a workspace's log. */
export function starterUpdate(files: readonly FileContent[]): Uint8Array {
	const doc = new Y.Doc();
	doc.transact(() => {
		for (const file of files) createFile(doc, file);
	});
	const update = Y.encodeStateAsUpdate(doc);
	doc.destroy();
	return update;
}

/** One entry as it stands, its clash with others not yet settled; undefined when malformed. */
function readNode(id: string, node: unknown): WorkspaceFile | undefined {
	if (!(node instanceof Y.Map)) return undefined;
	const kind = node.get('kind');
	const path = node.get('path');
	if (kind !== 'text' && kind !== 'binary' && kind !== 'dir' && kind !== 'link') return undefined;
	if (typeof path !== 'string') return undefined;
	const text = node.get('text');
	if (kind === 'text' && !(text instanceof Y.Text)) return undefined;
	const number = (key: string) => {
		const value = node.get(key);
		return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
	};
	const string = (key: string) => {
		const value = node.get(key);
		return typeof value === 'string' ? value : undefined;
	};
	return {
		id,
		kind,
		path,
		wantedPath: path,
		mode: (number('mode') ?? 0o644) & 0o777,
		eol: node.get('eol') === 'crlf' ? 'crlf' : 'lf',
		bom: node.get('bom') === true,
		deletedAt: number('deletedAt'),
		text: kind === 'text' && text instanceof Y.Text ? text : undefined,
		size: number('size'),
		sha: string('sha'),
		target: string('target'),
	};
}

/** All entries, deleted ones too, sorted by path; clashes settled alike on every side. */
export function listFiles(doc: Y.Doc): WorkspaceFile[] {
	const all: WorkspaceFile[] = [];
	for (const [id, node] of filesOf(doc)) {
		const file = readNode(id, node);
		if (file) all.push(file);
	}
	settleClashes(
		all.filter((file) => file.deletedAt === undefined && pathProblem(file.path) === undefined),
	);
	return all.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.id < b.id ? -1 : 1));
}

/** The entries that live. */
export const liveFiles = (doc: Y.Doc): WorkspaceFile[] =>
	listFiles(doc).filter((file) => file.deletedAt === undefined);

/**
 * Two live entries on one path, or a file where another needs a directory: the smallest id keeps
 * the path, the others move aside to "name (2).ext". Directories on one path are one directory.
 * Depends on nothing but the entries, so every side settles alike. Paths that can't be anywhere are
 * no part of it.
 */
function settleClashes(live: WorkspaceFile[]): void {
	const order = [...live].sort((a, b) => (a.id < b.id ? -1 : 1));
	const directories = new Set<string>();
	for (const file of order) {
		const parts = file.wantedPath.split('/');
		const depth = file.kind === 'dir' ? parts.length : parts.length - 1;
		for (let n = 1; n <= depth; n += 1) directories.add(parts.slice(0, n).join('/'));
	}
	const taken = new Set<string>();
	const wanted = new Set(order.map((file) => file.wantedPath));
	const isFree = (path: string) => !taken.has(path) && !directories.has(path);
	/** By wanted path, the next number to try: all before it are taken, and stay so. */
	const next = new Map<string, number>();
	for (const file of order) {
		if (file.kind === 'dir') continue;
		let path = file.wantedPath;
		if (!isFree(path)) {
			let n = next.get(file.wantedPath) ?? 2;
			do path = aside(file.wantedPath, n++);
			while (!isFree(path) || wanted.has(path));
			next.set(file.wantedPath, n);
		}
		taken.add(path);
		file.path = path;
	}
}

/** A path like `path` that no entry that lives has or wants. */
export function freeBeside(doc: Y.Doc, path: string): string {
	const taken = new Set(liveFiles(doc).flatMap((file) => [file.path, file.wantedPath]));
	let n = 2;
	while (taken.has(aside(path, n))) n += 1;
	return aside(path, n);
}

function aside(path: string, n: number): string {
	const slash = path.lastIndexOf('/') + 1;
	const dot = path.indexOf('.', slash + 1);
	const cut = dot === -1 ? path.length : dot;
	return `${path.slice(0, cut)} (${n})${path.slice(cut)}`;
}
