// A file that turns into another kind, on disk: its text stays the same text for good.
//
// Whoever hasn't heard of it goes on typing in that text: replaced or removed, it would take the
// typing along. So it is emptied, by a deletion that leaves alone what comes after, and filled again
// should the file be text once more. What strays into it between is given a file of its own.

import { createFile, freeBeside, joinText } from '@containrlab/protocol/workspace-doc.ts';
import * as Y from 'yjs';
import type { DocView } from './doc-view.ts';
import { applyToText, mergeEdits } from './merge.ts';
import type { DocEntry } from './reconcile.ts';
import { DISK_ORIGIN, SEEN, seenSha, type FlushState } from './state.ts';

/** What strayed is left alone until nobody has added to it for so long: it stays in one piece (ms). */
const STILL_MS = 1000;

/** `values` are the node's other keys; an undefined one goes. */
export function turnFrom(
	state: FlushState,
	id: string,
	kind: 'binary' | 'link',
	values: Record<string, unknown>,
): void {
	state.view.doc.transact(() => {
		keepAside(state, id);
		const text = textOf(state.view, id);
		if (state.view.file(id)?.kind === 'text') text?.delete(0, text.length);
		setKeys(state, id, { kind, ...values });
	}, DISK_ORIGIN);
}

/** What has strayed into it by now is part of it. */
export function turnToText(
	state: FlushState,
	id: string,
	whole: string,
	values: Record<string, unknown>,
): void {
	state.view.doc.transact(() => {
		keepAside(state, id);
		const text = textOf(state.view, id);
		if (text) applyToText(text, mergeEdits('', text.toString(), whole));
		else setKeys(state, id, { text: new Y.Text(whole) });
		setKeys(state, id, { kind: 'text', ...values });
	}, DISK_ORIGIN);
}

/** What strayed into a file that isn't text goes on beside it. */
export function moveStray(state: FlushState, id: string): void {
	const { doc } = state.view;
	doc.transact(() => {
		const file = state.view.file(id);
		const text = strayOf(state.view, id);
		if (!file || !text) return;
		const content = joinText(text.toString(), file.eol, file.bom);
		const path = freeBeside(doc, file.path);
		createFile(doc, { kind: 'text', path, mode: file.mode, text: content });
		text.delete(0, text.length);
	}, DISK_ORIGIN);
}

/** Finds text that strayed. */
export class Strays {
	readonly #seen = new Map<string, { text: string; since: number }>();

	/** Whether some may still be added to. */
	get growing(): boolean {
		return this.#seen.size > 0;
	}

	/** Of `entries`, the files whose stray text nobody adds to any more. */
	still(view: DocView, entries: readonly DocEntry[], now = performance.now()): string[] {
		const found = new Map<string, string>();
		for (const { id, kind } of entries) {
			const text = kind === 'text' ? undefined : strayOf(view, id);
			if (text) found.set(id, text.toString());
		}
		for (const id of this.#seen.keys()) if (!found.has(id)) this.#seen.delete(id);
		const still: string[] = [];
		for (const [id, text] of found) {
			const seen = this.#seen.get(id);
			if (seen?.text !== text) this.#seen.set(id, { text, since: now });
			else if (now - seen.since >= STILL_MS) still.push(id);
		}
		return still;
	}
}

/** What the document alone has, of content that can't be merged, goes on under another name. */
function keepAside(state: FlushState, id: string): void {
	const file = state.view.file(id);
	const base = state.base.get(id);
	const entry = state.view.entries().find((other) => other.id === id);
	if (!file || !base || !entry || entry.content === base.doc) return;
	// Taken from this disk, and overwritten there since: nobody has these bytes any more.
	if (file.kind === 'binary' && state.view.node(id)?.get(SEEN) === seenSha(state, file.sha ?? '')) {
		return;
	}
	const { doc } = state.view;
	const { mode } = file;
	// The name is for what is on disk.
	const path = freeBeside(doc, file.path);
	if (file.kind === 'text') {
		const text = joinText(file.text!.toString(), file.eol, file.bom);
		createFile(doc, { kind: 'text', path, mode, text });
	} else if (file.kind === 'binary') {
		createFile(doc, { kind: 'binary', path, mode, size: file.size ?? 0, sha: file.sha ?? '' });
	} else if (file.kind === 'link') {
		createFile(doc, { kind: 'link', path, target: file.target ?? '' });
	}
}

function strayOf(view: DocView, id: string): Y.Text | undefined {
	if (view.file(id)?.kind === 'text') return undefined;
	const text = textOf(view, id);
	return text && text.length > 0 ? text : undefined;
}

function textOf(view: DocView, id: string): Y.Text | undefined {
	const text = view.node(id)?.get('text');
	return text instanceof Y.Text ? text : undefined;
}

function setKeys(state: FlushState, id: string, values: Record<string, unknown>): void {
	const node = state.view.node(id);
	for (const [key, value] of Object.entries(values)) {
		if (value === undefined) node?.delete(key);
		else node?.set(key, value);
	}
}
