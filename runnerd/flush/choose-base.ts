// Which earlier version a changed file on disk was made from: the writer had read it.
//
// Too new a base deletes what the writer never saw, too old a one only merges what both sides have
// already: where the choice is open it falls on the older one.

import { diffText, distance } from '@containrlab/protocol/text-diff.ts';
import type { MadeOf } from './agent-files.ts';

/** A version that was on disk and in the document alike. */
export interface Version {
	/** Counts up per file; larger is newer. */
	v: number;
	/** When it came to be (s), by the sandbox's clock. */
	at: number;
	text: string;
	/** Somebody opened the file while this was in it, or wrote it. */
	read: boolean;
	/** A version that somebody had read was dropped between this one and the one before. */
	gap: boolean;
	/** Taken while its writer still had it open. */
	partial: boolean;
	/** Null for what somebody put on disk; the rest came from the document. */
	on: MadeOf | null;
}

/** Where this part of two texts differs, neither was made from the other. */
const UNRELATED = 0.8;
/** A writer who took away this many times what it left of an edit hadn't seen that edit. */
const UNSEEN = 9;
/** What was typed this short a time before somebody wrote, they can't mean (s). */
const MOMENT = 1;

/**
 * The base for merging `written`, out of the versions a file had, `current` being the newest that
 * both sides agreed on. Who writes has read last, unless what is written shows nothing of what came
 * since an earlier read. An exact return to an older version is a revert of what came since, but for
 * the last moment: a program may have written back what it had just read, as `sed -i` does that finds
 * nothing. Who writes something else altogether replaces what is there: their base is the current one.
 */
export function chooseBase(
	versions: readonly Version[],
	current: number,
	written: string,
	at = Infinity,
): Version | undefined {
	const known = versions.filter((version) => version.v <= current).sort((a, b) => a.v - b.v);
	const newest = known.at(-1);
	if (!newest) return undefined;
	if (known.some(({ text }) => text === written)) {
		const isMeant = (one: Version) => one.on === null || one.at <= at - MOMENT;
		const meant = known.findLast((one) => one.text === written || isMeant(one));
		return meant && whatCameOf(meant, known);
	}
	const base = lastSeen(known.map(withoutReturns), withoutReturns({ text: written }).text);
	return known.find(({ v }) => v === base.v);
}

/**
 * An older copy that somebody saved was merged with what it lacked: the first version after it that
 * shows so is what both sides had.
 */
function whatCameOf(saved: Version, known: readonly Version[]): Version {
	const at = known.indexOf(saved);
	const [before, after] = [known[at - 1], known[at + 1]];
	if (saved.on !== null || !before || !after || after.on === null) return saved;
	const { gone, kept } = fate(saved, after, before.text);
	return kept > gone ? after : saved;
}

/** Line ends say nothing of what their writer had seen: `unix2dos` changes every line. */
const withoutReturns = <Text extends { text: string }>(of: Text): Text => ({
	...of,
	text: of.text.replaceAll('\r', ''),
});

/** The version that the writer of `written` had before them, of those that led to the last. */
function lastSeen(known: readonly Version[], written: string): Version {
	const newest = known.at(-1)!;
	const read = known.filter((version) => version.read);
	const last = read.at(-1);
	if (!last) return newest;
	const unseen = read.filter((older) => older !== last && isUnseen(older, last, written));
	// A writer that wasn't through goes on from where we found it.
	let base = (last.partial ? undefined : closestTo(written, unseen)) ?? last;
	while (base.gap) {
		const before = read[read.indexOf(base) - 1];
		if (!before || fate(before, base, written).gone === 0) break;
		base = before;
	}
	const far = distance(base.text, written);
	if (!base.partial && far >= UNRELATED * (base.text.length + written.length)) return newest;
	// Appended without a look, say: nothing of what is there was taken away.
	const isWhole = fate(base, newest, written).gone === 0;
	return isWhole && distance(newest.text, written) < far ? newest : base;
}

/** The newer of two that are equally close. */
function closestTo(written: string, versions: readonly Version[]): Version | undefined {
	let closest: Version | undefined;
	let least = Infinity;
	for (const version of versions) {
		const far = distance(version.text, written);
		if (far <= least) [closest, least] = [version, far];
	}
	return closest;
}

/** Whether who wrote `written` can't have seen what changed from `older` to `newer`. */
function isUnseen(older: Version, newer: Version, written: string): boolean {
	const { gone, kept, reversed } = fate(older, newer, written);
	return reversed > 0 && gone + reversed >= UNSEEN * kept;
}

/**
 * What `written` does to the edit from `older` to `newer`, in characters: of what that added, how
 * much is gone and kept; and how much of it is exactly undone, rather than changed once more.
 */
function fate(older: Version, newer: Version, written: string) {
	const theirs = diffText(newer.text, written);
	const sum = { gone: 0, kept: 0, reversed: 0 };
	let shift = 0;
	for (const { start, end, text } of diffText(older.text, newer.text)) {
		const from = start + shift;
		const to = from + text.length;
		shift += text.length - (end - start);
		const touching = theirs.filter((hunk) => hunk.start <= to && hunk.end >= from);
		const gone = touching.reduce(
			(n, hunk) => n + Math.max(0, Math.min(hunk.end, to) - Math.max(hunk.start, from)),
			0,
		);
		sum.gone += gone;
		sum.kept += text.length - gone;
		const old = older.text.slice(start, end);
		const isBack = old === '' ? gone > 0 : touching.some((hunk) => hunk.text.includes(old));
		if (isBack) sum.reversed += Math.max(gone, old.length);
	}
	return sum;
}
