// Whether the machine bears one sandbox more: by the memory it has left, not by the sum of limits,
// since most students never come near theirs.

import type { MemoryFigure } from './memory-meter.ts';

const MB = 1024 ** 2;
/** A new sandbox with its daemon: 52 MB, measured, until it shows in what the machine has left. */
export const NEW_SANDBOX = 64 * MB;
/** Kept for each that lives: what a lab's build and its app add to that (54 MB at the peak, measured). */
export const GROWTH = 64 * MB;
/** What a sandbox is reckoned at while nobody can measure. */
const UNMEASURED = 256 * MB;
/** Judge runs always find one place; beyond it they and the pool leave these to students. */
const FOR_STUDENTS = 2;

export type Rank = 'student' | 'pool' | 'judge';

export type RoomLimits = {
	/** Sandboxes at a time, whatever the memory; one of them is the judges'. */
	most: number;
	/** Bytes for the services and large builds. */
	reserve: number;
};

export type Usage = {
	/** Sandboxes there are or that are being made. */
	sandboxes: number;
	/** Of these, so new that the figure doesn't show them yet. */
	unseen: number;
	/** Of these, judges'. */
	judging: number;
	/** Bytes of the engine's host. */
	total: number;
	/** What it has left; undefined when nobody can tell. */
	left: MemoryFigure | undefined;
};

/** An eighth of the machine, within reason: Postgres and our services take some 700 MB. */
export const defaultReserve = (total: number): number =>
	Math.min(Math.max(total / 8, 768 * MB), 2048 * MB);

export function hasRoom(rank: Rank, usage: Usage, { most, reserve }: RoomLimits): boolean {
	const ahead = sparedFor(rank, usage.judging);
	if (usage.sandboxes + 1 + ahead > most) return false;
	const { sandboxes, total, left } = usage;
	if (!left) return (sandboxes + 1 + ahead) * UNMEASURED <= total - reserve;
	const unseen = (usage.unseen + 1 + ahead) * NEW_SANDBOX;
	const growth = (sandboxes + 1 + ahead) * GROWTH;
	return left.available - unseen - growth >= reserve;
}

/** Sandboxes of students that fit beside those that there are, when each comes to need `each` bytes. */
export function placesLeft(usage: Usage, { most, reserve }: RoomLimits, each: number): number {
	const ahead = sparedFor('student', usage.judging);
	const { sandboxes, unseen, total, left } = usage;
	const free = most - sandboxes - ahead;
	const need = Math.max(each, NEW_SANDBOX + GROWTH);
	const bytes = left
		? left.available - reserve - (unseen + ahead) * NEW_SANDBOX - (sandboxes + ahead) * GROWTH
		: total - reserve - (sandboxes + ahead) * Math.max(each, UNMEASURED);
	return Math.max(
		0,
		Math.min(free, Math.floor(bytes / (left ? need : Math.max(each, UNMEASURED)))),
	);
}

/** Places that must stay free beside this one. */
function sparedFor(rank: Rank, judging: number): number {
	if (rank === 'judge') return judging === 0 ? 0 : FOR_STUDENTS;
	const forJudge = judging === 0 ? 1 : 0;
	return rank === 'pool' ? forJudge + FOR_STUDENTS : forJudge;
}
