// What must happen so that document and disk agree, out of what both are and last agreed on.

import type { FileKind } from '@containrlab/protocol/workspace-doc.ts';
import { FILE_LIMITS, isScratch, pathProblem } from '@containrlab/protocol/path.ts';
import { followMoves, pairRenames } from './renames.ts';

/** `content`: a file's SHA-256 as it would be on disk, `dir`, or `link:<target>`. */
export interface DocEntry {
	id: string;
	kind: FileKind;
	path: string;
	mode: number;
	content: string;
	deleted: boolean;
}

export interface DiskEntry {
	path: string;
	kind: 'file' | 'dir' | 'link' | 'other';
	mode: number;
	ino: number;
	/** Undefined for a file too large to hash, and for what isn't a file, directory or link. */
	content: string | undefined;
	size: number;
}

/**
 * What both sides last agreed on for one entry. `doc` and `disk` are the same content as each side
 * has it: they differ where mixed line ends stay on disk until somebody edits the text.
 */
export interface Base {
	id: string;
	path: string;
	kind: FileKind;
	doc: string;
	disk: string;
	mode: number;
	ino: number;
	/** The version in the agent's ring. */
	v: number;
}

export type Absorb =
	| { do: 'create'; path: string }
	| { do: 'revive'; id: string; path: string }
	| { do: 'restore'; id: string }
	| { do: 'content'; id: string; path: string }
	| { do: 'mode'; id: string; mode: number }
	| { do: 'path'; id: string; path: string; rename: boolean }
	| { do: 'delete'; id: string }
	| { do: 'stray'; id: string };

export type Apply =
	| { do: 'adopt'; id: string; path: string }
	| { do: 'forget'; id: string }
	| { do: 'remove'; id: string; path: string; expect: string }
	| { do: 'move'; id: string; path: string; to: string; expect: string }
	| { do: 'chmod'; id: string; path: string; mode: number }
	| { do: 'write'; id: string; path: string; expect: string | null };

export type ProblemCode =
	'bad-path' | 'bad-name' | 'special-file' | 'too-large' | 'too-many-files' | 'occupied';

export interface Plan {
	/** From the disk into the document; while there are any, nothing is applied to the disk. */
	absorb: Absorb[];
	apply: Apply[];
	/**
	 * Entries whose path vanished a moment ago, which may come back or show up elsewhere; and those
	 * whose file was emptied: who rewrites one may not have got to its text yet.
	 */
	waiting: string[];
	problems: { path: string; code: ProblemCode }[];
}

export interface Sides {
	doc: readonly DocEntry[];
	base: ReadonlyMap<string, Base>;
	disk: ReadonlyMap<string, DiskEntry>;
	/** Moves seen since the last plan, from → to. */
	moves: ReadonlyMap<string, string>;
	/** Paths of entries that the shell deleted → what was there. */
	graves: ReadonlyMap<string, { id: string }>;
	/** Whether an entry that vanished, or was emptied, has had its time to come back. */
	settled: (id: string, how: 'vanished' | 'emptied') => boolean;
}

export function reconcile(sides: Sides): Plan {
	const plan: Plan = { absorb: [], apply: [], waiting: [], problems: [] };
	const entries = new Map(sides.doc.map((entry) => [entry.id, entry]));
	const { owners, vanished } = assign(sides, plan, entries);
	const taken = new Set<string>();
	followVanished(sides, plan, entries, owners, vanished, taken);
	// Whoever was there may come back: until it is settled, nothing else comes to its place.
	const awaited = new Set(plan.waiting.map((id) => sides.base.get(id)!.path));
	for (const [path, id] of owners) {
		compare(sides, plan, entries.get(id)!, sides.base.get(id)!, sides.disk.get(path)!);
	}
	const live = sides.doc.filter((entry) => !entry.deleted);
	for (const entry of live) {
		if (!sides.base.has(entry.id)) appear(sides, plan, entry, owners, taken);
	}
	discover(sides, plan, live, owners, taken);
	const isFree = (action: Apply) => action.do !== 'write' || !awaited.has(action.path);
	plan.apply = inOrder(plan.apply.filter(isFree), sides, awaited);
	return plan;
}

/** Which entry each path on disk belongs to; the others aren't where they were. */
function assign(sides: Sides, plan: Plan, entries: ReadonlyMap<string, DocEntry>) {
	const owners = new Map<string, string>();
	const vanished: Base[] = [];
	for (const base of sides.base.values()) {
		const entry = entries.get(base.id);
		const disk = sides.disk.get(base.path);
		if (!entry) plan.apply.push({ do: 'forget', id: base.id });
		else if (!isSameSort(base.kind, disk)) vanished.push(base);
		else {
			// Of two, one has moved away, and a crash came before that was on record.
			const rival = sides.base.get(owners.get(base.path) ?? '');
			const fit = (one: Base) =>
				(entries.get(one.id)!.deleted ? 0 : 4) +
				(disk.content === one.disk ? 2 : 0) +
				(disk.ino === one.ino ? 1 : 0);
			const isOwner = !rival || fit(base) > fit(rival);
			if (isOwner) owners.set(base.path, base.id);
			if (rival) vanished.push(isOwner ? rival : base);
		}
	}
	return { owners, vanished };
}

const isSameSort = (kind: FileKind, disk: DiskEntry | undefined): disk is DiskEntry =>
	disk !== undefined && disk.kind !== 'other' && (kind === 'dir') === (disk.kind === 'dir');

/** Entries whose path is gone: they moved, or were deleted. Their new paths go to `taken`. */
function followVanished(
	sides: Sides,
	plan: Plan,
	entries: ReadonlyMap<string, DocEntry>,
	owners: ReadonlyMap<string, string>,
	vanished: readonly Base[],
	taken: Set<string>,
): void {
	const free = [...sides.disk.values()].filter(
		(disk) => !owners.has(disk.path) && pathProblem(disk.path) === undefined,
	);
	const renames = pairRenames(vanished, free, (path) => followMoves(sides.moves, path));
	for (const base of vanished) {
		const entry = entries.get(base.id)!;
		const to = renames.get(base.id);
		if (to !== undefined) taken.add(to);
		if (!sides.settled(base.id, 'vanished')) plan.waiting.push(base.id);
		else if (to !== undefined) {
			// Both sides renamed it: the document's name wins.
			const rename = !entry.deleted && entry.path === base.path;
			plan.absorb.push({ do: 'path', id: base.id, path: to, rename });
		} else if (entry.deleted || owners.has(base.path)) {
			// Nobody knows what became of it: it is written anew.
			plan.apply.push({ do: 'forget', id: base.id });
		} else plan.absorb.push({ do: 'delete', id: base.id });
	}
}

/** An entry that both sides know, still at its path. */
function compare(sides: Sides, plan: Plan, entry: DocEntry, base: Base, disk: DiskEntry): void {
	const { id } = entry;
	const { path } = disk;
	if (disk.content === undefined) {
		plan.problems.push({ path, code: 'too-large' });
		return;
	}
	const changed = disk.content !== base.disk;
	const isEmptied = changed && disk.kind === 'file' && disk.size === 0;
	if (isEmptied && disk.content !== entry.content && !sides.settled(id, 'emptied')) {
		plan.waiting.push(id);
		return;
	}
	if (entry.deleted) {
		// Changed by one side while the other deleted it: what was written comes back.
		if (changed) plan.absorb.push({ do: 'restore', id });
		else plan.apply.push({ do: 'remove', id, path, expect: disk.content });
		return;
	}
	if (changed) {
		if (disk.content === entry.content) plan.apply.push({ do: 'adopt', id, path });
		else plan.absorb.push({ do: 'content', id, path });
	}
	const hasMode = disk.kind === 'file';
	if (hasMode && disk.mode !== base.mode) {
		plan.absorb.push({ do: 'mode', id, mode: disk.mode });
	} else if (hasMode && entry.mode !== base.mode) {
		plan.apply.push({ do: 'chmod', id, path, mode: entry.mode });
	}
	if (entry.path !== path) move(plan, entry, path, disk.content);
	if (!changed && entry.content !== base.doc) {
		plan.apply.push({ do: 'write', id, path, expect: disk.content });
	}
}

function move(plan: Plan, entry: DocEntry, path: string, expect: string): void {
	if (pathProblem(entry.path) !== undefined) {
		plan.problems.push({ path: entry.path, code: 'bad-path' });
	} else plan.apply.push({ do: 'move', id: entry.id, path, to: entry.path, expect });
}

/** An entry that the disk has never had. */
function appear(
	sides: Sides,
	plan: Plan,
	entry: DocEntry,
	owners: ReadonlyMap<string, string>,
	taken: Set<string>,
): void {
	const { id, path } = entry;
	if (pathProblem(path) !== undefined) {
		plan.problems.push({ path, code: 'bad-path' });
		return;
	}
	const disk = sides.disk.get(path);
	if (!disk) plan.apply.push({ do: 'write', id, path, expect: null });
	// What is there now leaves in this plan, or its own entry moves aside: the next plan sees to it.
	if (!disk || owners.has(path) || taken.has(path)) return;
	if (disk.content === entry.content) {
		taken.add(path);
		plan.apply.push({ do: 'adopt', id, path });
	} else if (disk.content === undefined) {
		plan.problems.push({ path, code: 'occupied' });
	}
}

/** What is on disk and unknown to the document. */
function discover(
	sides: Sides,
	plan: Plan,
	live: readonly DocEntry[],
	owners: ReadonlyMap<string, string>,
	taken: ReadonlySet<string>,
): void {
	const parents = new Set<string>();
	for (const path of sides.disk.keys()) {
		const slash = path.lastIndexOf('/');
		if (slash > 0) parents.add(path.slice(0, slash));
	}
	let count = live.length;
	for (const [path, disk] of sides.disk) {
		if (owners.has(path) || taken.has(path) || isScratch(path)) continue;
		// A directory shows by what is in it; only an empty one needs an entry.
		if (disk.kind === 'dir' && parents.has(path)) continue;
		const code = problemOf(disk, count);
		if (code) {
			if (code !== 'never') plan.problems.push({ path, code });
			continue;
		}
		count += 1;
		const grave = sides.graves.get(path);
		if (grave !== undefined && disk.kind === 'file') {
			plan.absorb.push({ do: 'revive', id: grave.id, path });
		} else plan.absorb.push({ do: 'create', path });
	}
}

function problemOf(disk: DiskEntry, count: number): ProblemCode | 'never' | undefined {
	const problem = pathProblem(disk.path);
	if (problem === 'never-synced') return 'never';
	if (problem !== undefined) return 'bad-name';
	if (disk.kind === 'other') return 'special-file';
	if (disk.content === undefined) return 'too-large';
	return count >= FILE_LIMITS.files ? 'too-many-files' : undefined;
}

const RANK = { forget: 0, adopt: 0, remove: 1, move: 2, chmod: 3, write: 4 } as const;

/** Removals first, the deepest before what holds them; moves whose place is free; then the rest. */
function inOrder(apply: readonly Apply[], sides: Sides, awaited: ReadonlySet<string>): Apply[] {
	const depth = (action: Apply) => ('path' in action ? action.path.split('/').length : 0);
	const ordered = [...apply].sort(
		(a, b) =>
			RANK[a.do] - RANK[b.do] || (a.do === 'remove' ? depth(b) - depth(a) : depth(a) - depth(b)),
	);
	const isBlocked = (action: Apply) =>
		action.do === 'move' && (sides.disk.has(action.to) || awaited.has(action.to));
	const open = ordered.filter((action) => !isBlocked(action));
	if (open.length > 0) return open;
	// Each waits for another's place: one steps aside, and the next plan takes it home.
	const leaving = new Set(ordered.map((action) => 'path' in action && action.path));
	const first = ordered.find((action) => action.do === 'move' && leaving.has(action.to));
	return first?.do === 'move' ? [{ ...first, to: `${first.path}.moving` }] : [];
}
