// From the disk into the document: one entry at a time, each in one transaction.

import { newId } from '@containrlab/protocol/id.ts';
import {
	createFile,
	decodeText,
	deleteFile,
	joinText,
	renameFile,
	restoreFile,
	splitText,
} from '@containrlab/protocol/workspace-doc.ts';
import * as Y from 'yjs';
import type { KeptVersion, ReadContent } from './agent-files.ts';
import { chooseBase } from './choose-base.ts';
import { encodeText, sha256 } from './content.ts';
import { moveStray, turnFrom, turnToText } from './kinds.ts';
import { applyToText, mergeEdits, unionEdits } from './merge.ts';
import type { Absorb, Base, DiskEntry } from './reconcile.ts';
import { DISK_ORIGIN, SEEN, seenMark, seenSha, type FlushState } from './state.ts';

/** A text from the disk met the document's: what it was taken to be made from. */
export interface Merged {
	id: string;
	/** The version that was on disk, and its text. */
	v: number;
	written: string;
	/** The version that both had agreed on, and the one it was made from, if any is known. */
	current: number;
	from: number | undefined;
}

export async function absorb(state: FlushState, action: Absorb): Promise<void> {
	const { doc } = state.view;
	switch (action.do) {
		case 'create':
			return create(state, action.path);
		case 'content':
			return takeContent(state, action.id, action.path);
		case 'revive': {
			const buried = state.graves.get(action.path);
			state.graves.delete(action.path);
			if (!buried || state.view.file(action.id)?.deletedAt === undefined) return;
			doc.transact(() => restoreFile(doc, action.id), DISK_ORIGIN);
			state.base.set(action.id, buried);
			return;
		}
		case 'restore':
			doc.transact(() => restoreFile(doc, action.id), DISK_ORIGIN);
			return;
		case 'mode': {
			doc.transact(() => state.view.node(action.id)?.set('mode', action.mode), DISK_ORIGIN);
			return rebase(state, action.id, { mode: action.mode });
		}
		case 'path': {
			if (action.rename) doc.transact(() => renameFile(doc, action.id, action.path), DISK_ORIGIN);
			const ino = state.disk.get(action.path)?.ino ?? 0;
			return rebase(state, action.id, { path: action.path, ino });
		}
		case 'delete': {
			const base = state.base.get(action.id);
			doc.transact(() => deleteFile(doc, action.id), DISK_ORIGIN);
			if (base) state.bury(base);
			state.base.delete(action.id);
			state.taken(action.id);
			return;
		}
		case 'stray':
			moveStray(state, action.id);
	}
}

function rebase(state: FlushState, id: string, change: Partial<Base>): void {
	const base = state.base.get(id);
	if (!base) return;
	state.base.set(id, { ...base, ...change });
	state.taken(id);
}

async function create(state: FlushState, path: string): Promise<void> {
	const seen = state.disk.get(path);
	if (!seen || seen.content === undefined) return;
	const { doc } = state.view;
	const id = newId(12);
	if (seen.kind !== 'file') {
		const target = seen.kind === 'link' ? seen.content.slice('link:'.length) : '';
		doc.transact(() => {
			if (seen.kind === 'dir') createFile(doc, { kind: 'dir', path, mode: 0o755 }, id);
			else createFile(doc, { kind: 'link', path, target }, id);
		}, DISK_ORIGIN);
		remember(state, id, seen, seen.kind === 'dir' ? 'dir' : 'link', seen.content, 0);
		return;
	}
	const read = await state.files.read(path, id);
	if (!read.disk) return;
	const { mode } = read.disk;
	const raw = decodeText(read.bytes);
	doc.transact(() => {
		if (raw !== undefined) createFile(doc, { kind: 'text', path, mode, text: raw }, id);
		else {
			const size = read.bytes.length;
			createFile(doc, { kind: 'binary', path, mode, size, sha: read.sha }, id);
		}
		const seen = raw === undefined ? seenSha(state, read.sha) : seenMark(state, read.v);
		state.view.node(id)?.set(SEEN, seen);
	}, DISK_ORIGIN);
	if (raw === undefined) state.hooks.blob(read.sha, read.bytes, path);
	const kind = raw === undefined ? 'binary' : 'text';
	remember(state, id, asRead(read), kind, docSide(raw, read.sha), read.v);
}

/** What was read, not what is there by now. */
const asRead = (read: ReadContent): DiskEntry => ({
	...read.disk!,
	content: read.sha,
	size: read.bytes.length,
});

/** The content that the document would have, had it nothing but this. */
export function docSide(raw: string | undefined, sha: string): string {
	if (raw === undefined) return sha;
	const { text, eol, bom } = splitText(raw);
	return sha256(encodeText(joinText(text, eol, bom)));
}

function remember(
	state: FlushState,
	id: string,
	disk: DiskEntry,
	kind: Base['kind'],
	doc: string,
	v: number,
): void {
	const { path, mode, ino } = disk;
	const base = state.base.get(id);
	state.base.set(id, {
		id,
		path,
		kind,
		doc,
		disk: disk.content ?? '',
		// A mode that changed as well is its own step, so that it reaches the document.
		mode: base?.mode ?? mode,
		ino,
		v,
	});
	state.disk.set(path, disk);
	state.taken(id);
}

async function takeContent(state: FlushState, id: string, path: string): Promise<void> {
	const seen = state.disk.get(path);
	if (!seen || seen.content === undefined) return;
	if (seen.kind === 'link') {
		turnFrom(state, id, 'link', { target: seen.content.slice('link:'.length) });
		remember(state, id, seen, 'link', seen.content, state.base.get(id)?.v ?? 0);
		return;
	}
	const read = await state.files.read(path, id);
	if (!read.disk) return state.see({ path, disk: undefined });
	if (read.bytes.length === 0 && seen.size > 0) {
		// Emptied since: it is seen to as that.
		state.see({ path, disk: asRead(read) });
		return;
	}
	const raw = decodeText(read.bytes);
	const ring = raw === undefined ? [] : await state.files.versions(id);
	// Deleted meanwhile: it comes back first, else what was written would go with it.
	if (state.view.file(id)?.deletedAt !== undefined) return;
	if (raw === undefined) {
		const { sha, bytes } = read;
		turnFrom(state, id, 'binary', { size: bytes.length, sha, [SEEN]: seenSha(state, sha) });
		state.hooks.blob(read.sha, read.bytes, path);
		remember(state, id, asRead(read), 'binary', read.sha, read.v);
		return;
	}
	if (state.view.file(id)?.kind !== 'text') {
		const { text, eol, bom } = splitText(raw);
		turnToText(state, id, text, { eol, bom, [SEEN]: seenMark(state, read.v) });
	} else takeText(state, id, ring, { raw, v: read.v, current: state.base.get(id)?.v ?? 0 });
	remember(state, id, asRead(read), 'text', docSide(raw, read.sha), read.v);
}

/** Merges what was on disk as version `v` into the document, which had agreed on `current`. */
export function takeText(
	state: FlushState,
	id: string,
	ring: readonly KeptVersion[],
	{ raw, v, current }: { raw: string; v: number; current: number },
): void {
	const versions = ring.map(({ bytes, ...version }) => ({
		...version,
		...splitText(bytes.toString('utf8')),
	}));
	const theirs = splitText(raw);
	const at = versions.find((version) => version.v === v)?.at;
	const from = chooseBase(versions, current, theirs.text, at);
	const base = versions.find((version) => version.v === from?.v);
	state.hooks.merged?.({ id, v, written: raw, current, from: from?.v });
	// Nothing waits in here: the text is merged as it is now.
	state.view.doc.transact(() => {
		const node = state.view.node(id);
		const text = node?.get('text');
		if (!node || !(text instanceof Y.Text)) return;
		const mine = text.toString();
		applyToText(
			text,
			base ? mergeEdits(base.text, mine, theirs.text) : unionEdits(mine, theirs.text),
		);
		if (theirs.eol !== base?.eol && theirs.eol !== node.get('eol')) node.set('eol', theirs.eol);
		if (theirs.bom !== base?.bom && theirs.bom !== node.get('bom')) node.set('bom', theirs.bom);
		node.set(SEEN, seenMark(state, v));
	}, DISK_ORIGIN);
}
