// What changed between two texts: replaced ranges of the first, by lines, then by words.

import diff from 'fast-diff';
import { anchorsOf } from './text-anchors.ts';

/** `[start, end)` of the old text became `text`. Offsets in UTF-16 units, on code point borders. */
export interface Hunk {
	start: number;
	end: number;
	text: string;
}

/**
 * Tokens on both sides together, beyond which a range counts as replaced whole: a diff costs their
 * product at worst, and the loop it runs on serves every sandbox.
 */
const TOKENS = 2000;
/** A long text is looked at in so many pieces at most: who merges compares each with each. */
const PIECES = 500;
const LINE = /[^\n]*\n|[^\n]+/g;
// A word is changed whole or not at all: what one side typed never borrows letters that the other
// side is deleting.
const WORD = /[\p{L}\p{N}\p{M}_]+|\s+|[^]/gu;

/** The hunks that turn `from` into `to`, in order, not touching one another. */
export function diffText(from: string, to: string): Hunk[] {
	const budget = { tokens: 2 * TOKENS, pieces: PIECES };
	return joinTouching(
		refine({ start: 0, end: from.length, text: to }, from, LINE, budget).flatMap((hunk) =>
			changedWithin(hunk, refine(hunk, from, WORD, budget), from),
		),
		from,
	);
}

/** Characters deleted and inserted: how far apart two texts are. */
export function distance(from: string, to: string): number {
	return diffText(from, to).reduce((sum, h) => sum + (h.end - h.start) + h.text.length, 0);
}

/**
 * Lines are changed within only where enough of them stays; else they are other lines, which have
 * nothing to do with what becomes of the old ones.
 */
function changedWithin(hunk: Hunk, parts: Hunk[], from: string): Hunk[] {
	const old = inkOf(from.slice(hunk.start, hunk.end));
	const kept = parts.reduce((left, part) => left - inkOf(from.slice(part.start, part.end)), old);
	return 3 * kept < Math.min(old, inkOf(hunk.text)) ? [hunk] : wholeLines(hunk, parts, from);
}

/** The same for each line of several: what stays of it by chance, a bracket say, goes with it. */
function wholeLines(hunk: Hunk, parts: Hunk[], from: string): Hunk[] {
	let hunks = parts;
	let end = hunk.start;
	for (const line of from.slice(hunk.start, hunk.end).match(LINE) ?? []) {
		const start = end;
		end += line.length;
		const within = parts.filter((part) => part.start < end && part.end > start);
		const gone = within.reduce(
			(sum, part) => sum + inkOf(from.slice(Math.max(part.start, start), Math.min(part.end, end))),
			0,
		);
		if (gone > 0 && 3 * (inkOf(line) - gone) < inkOf(line)) hunks = widen(hunks, start, end, from);
	}
	return hunks;
}

/** The same change, with all from `start` to `end` replaced. */
function widen(hunks: readonly Hunk[], start: number, end: number, from: string): Hunk[] {
	const touching = hunks.filter((hunk) => hunk.end >= start && hunk.start <= end);
	const wide = { start: Math.min(start, touching[0]?.start ?? start), end: 0, text: '' };
	wide.end = wide.start;
	for (const hunk of touching) {
		wide.text += from.slice(wide.end, hunk.start) + hunk.text;
		wide.end = hunk.end;
	}
	if (wide.end < end) {
		wide.text += from.slice(wide.end, end);
		wide.end = end;
	}
	const before = hunks.filter((hunk) => hunk.end < start);
	return [...before, wide, ...hunks.filter((hunk) => hunk.start > end)];
}

const inkOf = (text: string): number => text.replace(/\s+/g, '').length;

interface Budget {
	tokens: number;
	pieces: number;
}

function refine(whole: Hunk, from: string, token: RegExp, budget: Budget): Hunk[] {
	const hunk = token === LINE ? trim(whole, from, true) : whole;
	if (hunk.start === hunk.end || hunk.text === '') return isEmpty(hunk) ? [] : [hunk];
	const old = from.slice(hunk.start, hunk.end);
	const before = old.match(token) ?? [];
	const after = hunk.text.match(token) ?? [];
	const tokens = before.length + after.length;
	if (tokens > Math.min(TOKENS, budget.tokens)) {
		const pieces = token === LINE ? piecesOf(hunk, before, after) : [];
		budget.pieces -= pieces.length;
		if (pieces.length === 0 || budget.pieces < 0) return [hunk];
		return pieces.flatMap((piece) => refine(piece, from, LINE, budget));
	}
	budget.tokens -= tokens;
	const codes = new Map<string, string>();
	const encode = (list: readonly string[]): string => list.map((t) => codeOf(codes, t)).join('');
	const hunks: Hunk[] = [];
	let at = hunk.start;
	let oldIndex = 0;
	let newIndex = 0;
	let open: Hunk | undefined;
	for (const [kind, run] of diff(encode(before), encode(after))) {
		if (kind === diff.EQUAL) {
			open = undefined;
			for (let n = 0; n < run.length; n += 1) at += before[oldIndex++]!.length;
			newIndex += run.length;
			continue;
		}
		if (!open) hunks.push((open = { start: at, end: at, text: '' }));
		for (let n = 0; n < run.length; n += 1) {
			if (kind === diff.DELETE) at += before[oldIndex++]!.length;
			else open.text += after[newIndex++]!;
		}
		open.end = at;
	}
	return token === LINE ? hunks : hunks.map((h) => trimWords(h, from)).filter((h) => !isEmpty(h));
}

/** What lies between the lines of a long text that stay; none if there are none. */
function piecesOf(hunk: Hunk, before: readonly string[], after: readonly string[]): Hunk[] {
	const anchors = anchorsOf(before, after);
	if (anchors.length === 0) return [];
	const pieces: Hunk[] = [];
	let [at, n, m] = [hunk.start, 0, 0];
	for (const [oldLine, newLine] of [...anchors, [before.length, after.length] as const]) {
		const start = at;
		while (n < oldLine) at += before[n++]!.length;
		const piece = { start, end: at, text: after.slice(m, newLine).join('') };
		if (!isEmpty(piece)) pieces.push(piece);
		at += before[n++]?.length ?? 0;
		m = newLine + 1;
	}
	return pieces;
}

/** Words that only begin or end alike by chance are others: these letters go with what they are in. */
function trimWords(hunk: Hunk, from: string): Hunk {
	const { start, end, text } = trim(hunk, from);
	const shared = hunk.text.length - text.length;
	const isSame = 3 * shared >= 2 * Math.min(hunk.end - hunk.start, hunk.text.length);
	return isSame ? { start, end, text } : hunk;
}

/** One UTF-16 unit per distinct token, clear of surrogates, which the library treats specially. */
function codeOf(codes: Map<string, string>, token: string): string {
	let code = codes.get(token);
	if (code === undefined) {
		code = String.fromCharCode(codes.size + 1);
		codes.set(token, code);
	}
	return code;
}

const isEmpty = (hunk: Hunk): boolean => hunk.start === hunk.end && hunk.text === '';
const splitsPair = (text: string, at: number): boolean =>
	/[\ud800-\udbff]/.test(text.charAt(at - 1)) && /[\udc00-\udfff]/.test(text.charAt(at));

/**
 * Drops what both sides have in common at the ends, never cutting a code point in two, nor a line
 * when asked for whole ones: half a line too many would slide a deletion into its neighbour.
 */
function trim(hunk: Hunk, from: string, wholeLines = false): Hunk {
	const { start, end, text } = hunk;
	const most = Math.min(end - start, text.length);
	let head = 0;
	while (head < most && from.charCodeAt(start + head) === text.charCodeAt(head)) head += 1;
	if (wholeLines) head = from.slice(start, start + head).lastIndexOf('\n') + 1;
	if (head > 0 && (splitsPair(from, start + head) || splitsPair(text, head))) head -= 1;
	let tail = 0;
	while (
		tail < most - head &&
		from.charCodeAt(end - 1 - tail) === text.charCodeAt(text.length - 1 - tail)
	) {
		tail += 1;
	}
	if (wholeLines) {
		const line = from.slice(end - tail, end).indexOf('\n') + 1;
		tail = line === 0 ? 0 : tail - line;
	}
	if (tail > 0 && (splitsPair(from, end - tail) || splitsPair(text, text.length - tail))) tail -= 1;
	return { start: start + head, end: end - tail, text: text.slice(head, text.length - tail) };
}

function joinTouching(hunks: readonly Hunk[], from: string): Hunk[] {
	const joined: Hunk[] = [];
	for (const hunk of hunks) {
		const last = joined.at(-1);
		if (last && last.end >= hunk.start) {
			last.text += from.slice(last.end, hunk.start) + hunk.text;
			last.end = hunk.end;
		} else joined.push({ ...hunk });
	}
	return joined;
}
