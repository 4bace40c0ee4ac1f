// Changing who is in a class and as what: under the class's lock, so that two instructors who demote
// each other at once leave one.

import { and, asc, eq, sql } from 'drizzle-orm';
import type { Role } from '@containrlab/protocol/ticket.ts';
import { members, removals, users } from '../schema.ts';
import { first, type Executor } from './executor.ts';
import { lowerHandsOf } from './hands.ts';
import { lockDoors } from './joining.ts';

export type MemberKey = { classId: string; userId: string };

const isMember = ({ classId, userId }: MemberKey) =>
	and(eq(members.classId, classId), eq(members.userId, userId));
const isRemoval = ({ classId, userId }: MemberKey) =>
	and(eq(removals.classId, classId), eq(removals.userId, userId));

/**
 * A member as they are until the transaction ends, and whether they are the only instructor;
 * undefined when there is no such member.
 */
export async function lockMember(
	tx: Executor,
	key: MemberKey,
): Promise<{ role: Role; lastInstructor: boolean } | undefined> {
	await lockDoors(tx, [key.classId]);
	const member = first(await tx.select({ role: members.role }).from(members).where(isMember(key)));
	if (!member) return undefined;
	const instructors = await tx
		.select({ userId: members.userId })
		.from(members)
		.where(and(eq(members.classId, key.classId), eq(members.role, 'instructor')))
		.limit(2);
	return {
		role: member.role,
		lastInstructor: member.role === 'instructor' && instructors.length < 2,
	};
}

/** Whether they are in at all. */
export async function setRole(tx: Executor, key: MemberKey, role: Role): Promise<boolean> {
	const rows = await tx
		.update(members)
		.set({ role })
		.where(isMember(key))
		.returning({ userId: members.userId });
	return rows.length > 0;
}

/** As an instructor, whatever they were, removed included. */
export async function makeInstructor(tx: Executor, key: MemberKey): Promise<void> {
	await tx.delete(removals).where(isRemoval(key));
	await tx
		.insert(members)
		.values({ ...key, role: 'instructor' })
		.onConflictDoUpdate({
			target: [members.classId, members.userId],
			set: { role: 'instructor' },
		});
}

/** Their work stays; the class's code no longer lets them in. */
export async function removeFromClass(tx: Executor, key: MemberKey, by: string): Promise<void> {
	const rows = await tx
		.delete(members)
		.where(isMember(key))
		.returning({ studentNumber: members.studentNumber });
	const gone = first(rows);
	if (!gone) return;
	const set = { studentNumber: gone.studentNumber, at: sql`now()` };
	await tx
		.insert(removals)
		.values({ ...key, ...set })
		.onConflictDoUpdate({ target: [removals.classId, removals.userId], set });
	await lowerHandsOf(tx, key, by);
}

/** As a student, with their work and their number; false when they weren't removed. */
export async function letBackIn(tx: Executor, key: MemberKey): Promise<boolean> {
	const rows = await tx
		.delete(removals)
		.where(isRemoval(key))
		.returning({ studentNumber: removals.studentNumber });
	const removal = first(rows);
	if (!removal) return false;
	await tx
		.insert(members)
		.values({ ...key, role: 'student', studentNumber: removal.studentNumber })
		.onConflictDoNothing();
	return true;
}

export type Removed = { id: string; name: string; studentNumber: string | null; at: Date };

export async function removedFrom(db: Executor, classId: string): Promise<Removed[]> {
	return db
		.select({
			...{ id: users.id, name: users.name },
			...{ studentNumber: removals.studentNumber, at: removals.at },
		})
		.from(removals)
		.innerJoin(users, eq(users.id, removals.userId))
		.where(eq(removals.classId, classId))
		.orderBy(asc(users.name), asc(users.id));
}
