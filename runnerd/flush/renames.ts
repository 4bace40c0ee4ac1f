// Which vanished file is which new one: by the move that was seen, its inode, or its content.

import type { Base, DiskEntry } from './reconcile.ts';

/** The end of a chain of moves; undefined when `path` wasn't moved. */
export function followMoves(moves: ReadonlyMap<string, string>, path: string): string | undefined {
	let at = moves.get(path);
	for (let steps = 0; at !== undefined && moves.has(at) && steps < 100; steps += 1) {
		at = moves.get(at);
	}
	return at;
}

/** Ids of vanished entries → their new paths, each path given once. */
export function pairRenames(
	vanished: readonly Base[],
	free: readonly DiskEntry[],
	movedTo: (path: string) => string | undefined,
): Map<string, string> {
	const pairs = new Map<string, string>();
	const left = new Map(free.map((disk) => [disk.path, disk]));
	const pair = (base: Base, disk: DiskEntry | undefined) => {
		if (!disk || pairs.has(base.id) || !left.delete(disk.path)) return;
		pairs.set(base.id, disk.path);
	};
	const fits = (base: Base, disk: DiskEntry | undefined) =>
		disk && (base.kind === 'dir') === (disk.kind === 'dir') && disk.content !== undefined
			? disk
			: undefined;
	for (const base of vanished) pair(base, fits(base, left.get(movedTo(base.path) ?? '')));
	const byInode = new Map(free.map((disk) => [disk.ino, disk]));
	for (const base of vanished) {
		const disk = fits(base, byInode.get(base.ino));
		// Inode numbers are soon given out again: the content must agree, or at least the name.
		if (disk && (disk.content === base.disk || nameOf(disk.path) === nameOf(base.path))) {
			pair(base, disk);
		}
	}
	const byContent = Map.groupBy(left.values(), (disk) => disk.content);
	const lost = Map.groupBy(
		vanished.filter((base) => !pairs.has(base.id)),
		(base) => base.disk,
	);
	for (const [content, bases] of lost) {
		const places = byContent.get(content) ?? [];
		const [base, place] = [bases[0], places[0]];
		if (bases.length > 1 || places.length > 1 || !base || !place) continue;
		if (base.kind !== 'dir' && place.size > 0) pair(base, fits(base, place));
	}
	return pairs;
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
