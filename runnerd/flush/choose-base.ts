// Which earlier version a changed file on disk was made from.

import { distance } from './text-diff.ts';

/** A version that was on disk and in the document alike. */
export interface Version {
	/** Counts up per file; larger is newer. */
	v: number;
	text: string;
}

/**
 * The base for merging `written`, out of the versions a file had, `current` being the newest that
 * both sides agreed on. An editor that read an older version and writes it back changed is merged
 * from that one, so that what came in between survives. An exact return to an older version is
 * somebody's revert of what came since, so its base is the current one.
 */
export function chooseBase(
	versions: readonly Version[],
	current: number,
	written: string,
): Version | undefined {
	const known = versions.filter((version) => version.v <= current).sort((a, b) => b.v - a.v);
	const newest = known[0];
	if (!newest || known.some((version) => version.text === written)) return newest;
	let best = newest;
	let least = distance(newest.text, written);
	for (const version of known.slice(1)) {
		// Lengths alone bound the distance from below: most versions need no diff.
		if (Math.abs(version.text.length - written.length) >= least) continue;
		const far = distance(version.text, written);
		if (far < least) [best, least] = [version, far];
	}
	return best;
}
