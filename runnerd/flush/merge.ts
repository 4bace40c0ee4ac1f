// Three-way merge of text: what `theirs` changed since `base`, as edits of `mine`.

import type * as Y from 'yjs';
import { diffText, type Hunk } from '@containrlab/protocol/text-diff.ts';

/** At `index` of the text as it stands, delete `remove` units, then insert `insert`. */
export interface Edit {
	index: number;
	remove: number;
	insert: string;
}

/**
 * Edits of `mine`, from its end to its start, that bring in what `theirs` changed. Both sides'
 * insertions survive; what either side deleted goes; what both inserted alike comes once.
 */
export function mergeEdits(base: string, mine: string, theirs: string): Edit[] {
	if (theirs === base || theirs === mine) return [];
	if (mine === base) return diffText(base, theirs).map(editOf).reverse();
	const ours = diffText(base, mine);
	const edits = diffText(base, theirs).flatMap((hunk) => transform(hunk, ours));
	return edits.sort((a, b) => a.index - b.index || a.remove - b.remove).reverse();
}

/** With no base known: everything that either side has, what they share only once. */
export function unionEdits(mine: string, theirs: string): Edit[] {
	return diffText(mine, theirs)
		.filter((hunk) => hunk.text !== '')
		.map((hunk) => ({ index: hunk.end, remove: 0, insert: hunk.text }))
		.reverse();
}

export function applyEdits(text: string, edits: readonly Edit[]): string {
	return edits.reduce(
		(t, edit) => t.slice(0, edit.index) + edit.insert + t.slice(edit.index + edit.remove),
		text,
	);
}

/** Call inside a transaction; the edits must have been made for the text as it now is. */
export function applyToText(text: Y.Text, edits: readonly Edit[]): void {
	for (const { index, remove, insert } of edits) {
		if (remove > 0) text.delete(index, remove);
		if (insert !== '') text.insert(index, insert);
	}
}

const growth = (hunk: Hunk): number => hunk.text.length - (hunk.end - hunk.start);
const editOf = (hunk: Hunk): Edit => ({
	index: hunk.start,
	remove: hunk.end - hunk.start,
	insert: hunk.text,
});

/** One hunk of theirs as edits of mine, which `ours` made out of the same base. */
function transform(hunk: Hunk, ours: readonly Hunk[]): Edit[] {
	const edits: Edit[] = [];
	let insert = hunk.text;
	/** How far our hunks so far moved what follows them. */
	let shift = 0;
	/** Where in the base their deletion goes on: what we deleted ourselves is skipped. */
	let from = hunk.start;
	/** Where theirs is inserted: behind what we put in the same place. */
	let position: number | undefined;
	for (const mine of ours) {
		if (mine.start > hunk.end) break;
		if (mine.start > from) {
			edits.push({ index: from + shift, remove: mine.start - from, insert: '' });
		}
		// Both sides insert at one place: what one of them continues is the same typing, seen twice.
		if (mine.start === hunk.start) insert = withoutShared(insert, mine.text);
		if (mine.start <= hunk.start && mine.end >= hunk.start) {
			position = mine.start + shift + mine.text.length;
		} else if (mine.start > hunk.start) position ??= hunk.start + shift;
		shift += growth(mine);
		from = Math.max(from, mine.end);
	}
	if (hunk.end > from) edits.push({ index: from + shift, remove: hunk.end - from, insert: '' });
	if (insert !== '') edits.push({ index: position ?? hunk.start + shift, remove: 0, insert });
	return edits;
}

/** `text` without what `other` already has of it, when one of them continues the other. */
function withoutShared(text: string, other: string): string {
	if (other.startsWith(text)) return '';
	return text.startsWith(other) ? text.slice(other.length) : text;
}
