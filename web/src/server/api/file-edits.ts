// What the API does to a workspace's document: each edit is checked first, then made, never in part.

import { createHash } from 'node:crypto';
import * as Y from 'yjs';
import { FILE_LIMITS, pathProblem, PATH_PROBLEM_TEXT } from '@containrlab/protocol/path.ts';
import { diffText } from '@containrlab/protocol/text-diff.ts';
import {
	createFile,
	deleteFile,
	filesOf,
	joinText,
	liveFiles,
	renameFile,
	splitText,
	type WorkspaceFile,
} from '@containrlab/protocol/workspace-doc.ts';
import type { RefusalCode } from './refusals.ts';
import type { FileInfo } from './schemas.ts';

/** What a request demands of the file as it is: `*` or ETags. */
export interface Conditions {
	ifMatch?: string | undefined;
	ifNoneMatch?: string | undefined;
}

export type Refused = {
	ok: false;
	code: RefusalCode;
	detail?: { hint?: string; current?: string | null; headers?: Record<string, string> };
};
export type Result<T> = ({ ok: true } & T) | Refused;
export type Changed = Result<{ file: FileInfo; created: boolean }>;

const no = (code: RefusalCode, detail?: Refused['detail']): Refused => ({
	ok: false,
	code,
	...(detail && { detail }),
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
/** As it is on disk. */
const diskText = (file: WorkspaceFile): string =>
	joinText(file.text?.toString() ?? '', file.eol, file.bom);

function etagOf(file: WorkspaceFile): string | null {
	if (file.kind === 'dir') return null;
	if (file.kind === 'binary') return `"${file.sha ?? ''}"`;
	return `"${sha256(file.kind === 'link' ? `link:${file.target}` : diskText(file))}"`;
}

function fileInfo(file: WorkspaceFile): FileInfo {
	const { path, kind } = file;
	const size =
		kind === 'text' ? Buffer.byteLength(diskText(file)) : kind === 'binary' ? file.size : undefined;
	const mode = `0${file.mode.toString(8).padStart(3, '0')}`;
	return { path, kind, size: size ?? null, mode, etag: etagOf(file) };
}

export const listOf = (doc: Y.Doc): FileInfo[] => liveFiles(doc).map(fileInfo);

export function read(doc: Y.Doc, path: string): Result<{ file: FileInfo; text: string | null }> {
	const problem = pathRefusal(path);
	if (problem) return problem;
	const file = entryAt(liveFiles(doc), path);
	if (!file) return no('no-such-file');
	return { ok: true, file: fileInfo(file), text: file.kind === 'text' ? diskText(file) : null };
}

export function make(
	doc: Y.Doc,
	wanted: { path: string; kind: 'dir' } | { path: string; text: string },
): Changed {
	const files = liveFiles(doc);
	const refused =
		pathRefusal(wanted.path) ??
		('text' in wanted ? textRefusal(wanted.text) : undefined) ??
		placeRefusal(files, wanted.path);
	if (refused) return refused;
	if (files.length >= FILE_LIMITS.files) return no('too-many-files');
	const { path } = wanted;
	createFile(
		doc,
		'text' in wanted
			? { kind: 'text', path, mode: 0o644, text: wanted.text }
			: { kind: 'dir', path, mode: 0o755 },
	);
	return changed(doc, path, true);
}

/** Makes the text what it should be by the fewest changes: whoever types in it keeps their words. */
export function write(doc: Y.Doc, path: string, text: string, conditions: Conditions): Changed {
	const refused = pathRefusal(path) ?? textRefusal(text);
	if (refused) return refused;
	const file = entryAt(liveFiles(doc), path);
	const unmet = unmetBy(file, conditions);
	if (unmet) return unmet;
	if (!file) {
		const folder = liveFiles(doc).some((other) => other.path.startsWith(`${path}/`));
		return folder ? no('is-a-folder') : make(doc, { path, text });
	}
	if (file.kind === 'dir') return no('is-a-folder');
	if (!file.text) return no('not-text');
	const wanted = splitText(text);
	const node = filesOf(doc).get(file.id);
	if (wanted.eol !== file.eol) node?.set('eol', wanted.eol);
	if (wanted.bom !== file.bom) node?.set('bom', wanted.bom);
	// From the end, so that what is yet to come stays where it is.
	for (const hunk of diffText(file.text.toString(), wanted.text).reverse()) {
		if (hunk.end > hunk.start) file.text.delete(hunk.start, hunk.end - hunk.start);
		if (hunk.text !== '') file.text.insert(hunk.start, hunk.text);
	}
	return changed(doc, path, false);
}

export function move(doc: Y.Doc, from: string, to: string): Changed {
	const refused = pathRefusal(from) ?? pathRefusal(to);
	if (refused) return refused;
	const files = liveFiles(doc);
	const moved = entriesAt(files, from);
	if (moved.length === 0) return no('no-such-file');
	if (to.startsWith(`${from}/`)) return no('into-itself');
	if (to !== from) {
		const others = files.filter((file) => !moved.includes(file));
		const taken = placeRefusal(others, to);
		if (taken) return taken;
		for (const file of moved) {
			const problem = pathRefusal(to + file.path.slice(from.length));
			if (problem) return problem;
		}
		for (const file of moved) renameFile(doc, file.id, to + file.path.slice(from.length));
	}
	return changed(doc, to, false);
}

export function remove(doc: Y.Doc, path: string, conditions: Conditions): Result<object> {
	const refused = pathRefusal(path);
	if (refused) return refused;
	const gone = entriesAt(liveFiles(doc), path);
	const unmet = unmetBy(
		gone.find((file) => file.path === path),
		conditions,
	);
	if (unmet) return unmet;
	if (gone.length === 0) return no('no-such-file');
	for (const file of gone) deleteFile(doc, file.id);
	return { ok: true };
}

function changed(doc: Y.Doc, path: string, created: boolean): Changed {
	const file = entryAt(liveFiles(doc), path);
	if (file) return { ok: true, file: fileInfo(file), created };
	// A folder that only its files' paths imply.
	const info = { path, kind: 'dir', size: null, mode: '0755', etag: null } as const;
	return { ok: true, file: info, created };
}

const entryAt = (files: readonly WorkspaceFile[], path: string): WorkspaceFile | undefined =>
	files.find((file) => file.path === path);

/** A file alone, or a folder with all that is in it. */
function entriesAt(files: readonly WorkspaceFile[], path: string): WorkspaceFile[] {
	const file = files.find((entry) => entry.path === path && entry.kind !== 'dir');
	if (file) return [file];
	return files.filter((entry) => entry.path === path || entry.path.startsWith(`${path}/`));
}

function pathRefusal(path: string): Refused | undefined {
	const problem = pathProblem(path);
	return problem && no('bad-path', { hint: PATH_PROBLEM_TEXT[problem] });
}

function textRefusal(text: string): Refused | undefined {
	if (Buffer.byteLength(text) > FILE_LIMITS.text) {
		return no('too-large', { hint: `A text file holds ${FILE_LIMITS.text} bytes at most.` });
	}
	return text.includes('\0') || !text.isWellFormed() ? no('bad-text') : undefined;
}

/** Why nothing new can be at a path. */
function placeRefusal(files: readonly WorkspaceFile[], path: string): Refused | undefined {
	for (const file of files) {
		if (file.path === path || file.path.startsWith(`${path}/`)) return no('path-taken');
		if (file.kind !== 'dir' && path.startsWith(`${file.path}/`)) return no('parent-is-a-file');
	}
	return undefined;
}

function unmetBy(
	file: WorkspaceFile | undefined,
	{ ifMatch, ifNoneMatch }: Conditions,
): Refused | undefined {
	const current = file ? etagOf(file) : null;
	const met =
		(ifMatch === undefined || (file !== undefined && names(ifMatch, current))) &&
		(ifNoneMatch === undefined || file === undefined || !names(ifNoneMatch, current));
	return met ? undefined : no('changed', { current });
}

/** Whether an If-Match or If-None-Match header names this ETag; weak ones name nothing. */
export function names(header: string, etag: string | null): boolean {
	const listed = header.split(',').map((each) => each.trim());
	return listed.includes('*') || (etag !== null && listed.includes(etag));
}
