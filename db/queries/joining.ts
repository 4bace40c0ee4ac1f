// Coming into a class: one at a time in each, so that two people never get in under one name.

import { and, asc, eq, inArray } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import { normaliseCode } from '@containrlab/protocol/code.ts';
import type { Role } from '@containrlab/protocol/ticket.ts';
import { classes, members, removals, users } from '../schema.ts';
import { first, type Executor } from './executor.ts';

export type ClassAtTheDoor = typeof classes.$inferSelect;

/** Open or not: what a code opens is the caller's to say. */
export async function classOfCode(db: Executor, code: string): Promise<ClassAtTheDoor | undefined> {
	return first(
		await db
			.select()
			.from(classes)
			.where(eq(classes.joinCode, normaliseCode(code))),
	);
}

/**
 * Waits for whoever is at the door of these classes, until the transaction ends. Taken in the order
 * of their ids, since one person may be in several. Not `for update`: that would also wait for
 * everyone who works in the class.
 */
export async function lockDoors(tx: Executor, classIds: readonly string[]): Promise<void> {
	if (classIds.length === 0) return;
	await tx
		.select({ id: classes.id })
		.from(classes)
		.where(inArray(classes.id, [...classIds]))
		.orderBy(asc(classes.id))
		.for('no key update');
}

/** Ids of the classes that someone is in, archived ones included. */
export async function classIdsOf(db: Executor, userId: string): Promise<string[]> {
	const rows = await db
		.select({ classId: members.classId })
		.from(members)
		.where(eq(members.userId, userId));
	return rows.map((row) => row.classId);
}

/** The names in these classes, and whose they are. */
export async function namesIn(
	db: Executor,
	classIds: readonly string[],
): Promise<{ userId: string; name: string }[]> {
	if (classIds.length === 0) return [];
	return db
		.select({ userId: users.id, name: users.name })
		.from(members)
		.innerJoin(users, eq(users.id, members.userId))
		.where(inArray(members.classId, [...classIds]));
}

export async function wasRemoved(db: Executor, classId: string, userId: string): Promise<boolean> {
	const rows = await db
		.select({ userId: removals.userId })
		.from(removals)
		.where(and(eq(removals.classId, classId), eq(removals.userId, userId)));
	return rows.length > 0;
}

/** As a student; the caller holds the door and has looked who is in. */
export async function admit(
	tx: Executor,
	member: { classId: string; userId: string; studentNumber: string | undefined },
): Promise<void> {
	const { classId, userId, studentNumber } = member;
	await tx
		.insert(members)
		.values({ classId, userId, role: 'student', studentNumber: studentNumber ?? null });
}

/** In each class that someone is in: their role, and another's. */
export async function rolesOfBoth(
	db: Executor,
	userId: string,
	otherId: string,
): Promise<{ role: Role; other: Role | null }[]> {
	const theirs = alias(members, 'theirs');
	return db
		.select({ role: members.role, other: theirs.role })
		.from(members)
		.leftJoin(theirs, and(eq(theirs.classId, members.classId), eq(theirs.userId, otherId)))
		.where(eq(members.userId, userId));
}
