// Classes and which labs they are taught; who is in them.

import { and, asc, eq, inArray, isNotNull, isNull, sql } from 'drizzle-orm';
import { newCode } from '@containrlab/protocol/code.ts';
import { newId } from '@containrlab/protocol/id.ts';
import type { SandboxLimits } from '@containrlab/protocol/sandbox.ts';
import type { Role } from '@containrlab/protocol/ticket.ts';
import { classes, classLabs, members, users } from '../schema.ts';
import { first, only, type Executor } from './executor.ts';

export type Class = typeof classes.$inferSelect;

/** A join code of 50 bits. */
export const newJoinCode = (): string => newCode(10);

/** What an instructor decides about a class. */
export type ClassSettings = Pick<
	Class,
	'name' | 'asksStudentNumber' | 'idleMinutes' | 'retentionDays' | LimitColumn
>;

/** What each sandbox of a class may use. */
export type LimitColumn = 'sandboxMemory' | 'sandboxCpus' | 'sandboxPids' | 'sandboxDisk';

const MB = 1024 ** 2;

export const limitsOf = (of: Pick<Class, LimitColumn>): SandboxLimits => ({
	memory: of.sandboxMemory * MB,
	cpus: of.sandboxCpus,
	pids: of.sandboxPids,
	disk: of.sandboxDisk * MB,
});

export async function createClass(
	db: Executor,
	input: Partial<ClassSettings> & { name: string; joinCode?: string; labs: readonly string[] },
): Promise<Class> {
	const { labs, joinCode = newJoinCode(), ...settings } = input;
	const created = only(
		await db
			.insert(classes)
			.values({ id: newId(), joinCode, ...settings })
			.returning(),
	);
	await setLabs(db, created.id, labs);
	return created;
}

/** These, in this order. What was done in a lab that leaves the class stays. */
export async function setLabs(
	db: Executor,
	classId: string,
	slugs: readonly string[],
): Promise<void> {
	await db.delete(classLabs).where(eq(classLabs.classId, classId));
	if (slugs.length === 0) return;
	await db
		.insert(classLabs)
		.values(slugs.map((labSlug, position) => ({ classId, labSlug, position })));
}

export async function updateClass(
	db: Executor,
	id: string,
	set: Partial<ClassSettings & Pick<Class, 'joinCode' | 'open' | 'archivedAt'>>,
): Promise<void> {
	await db.update(classes).set(set).where(eq(classes.id, id));
}

export async function classById(db: Executor, id: string): Promise<Class | undefined> {
	return first(await db.select().from(classes).where(eq(classes.id, id)));
}

/** The classes that someone is in, with their role; those that go on, or those that ended. */
export async function classesOf(
	db: Executor,
	userId: string,
	which: 'current' | 'archived' = 'current',
): Promise<{ class: Class; role: Role; members: number }[]> {
	const archived = which === 'current' ? isNull(classes.archivedAt) : isNotNull(classes.archivedAt);
	return db
		.select({
			class: classes,
			role: members.role,
			members: sql<number>`(select count(*)::int from members m where m.class_id = ${classes.id})`,
		})
		.from(members)
		.innerJoin(classes, eq(classes.id, members.classId))
		.where(and(eq(members.userId, userId), archived))
		.orderBy(asc(classes.name));
}

export async function roleIn(
	db: Executor,
	classId: string,
	userId: string,
): Promise<Role | undefined> {
	const rows = await db
		.select({ role: members.role })
		.from(members)
		.where(and(eq(members.classId, classId), eq(members.userId, userId)));
	return first(rows)?.role;
}

/** Keeps the role of someone who is in already: a join link never demotes its instructor. */
export async function addMember(
	db: Executor,
	member: { classId: string; userId: string; role: Role },
): Promise<void> {
	await db.insert(members).values(member).onConflictDoNothing();
}

export type Member = {
	id: string;
	name: string;
	/** Null for guests. */
	email: string | null;
	role: Role;
	studentNumber: string | null;
	joinedAt: Date;
};

export async function membersOf(db: Executor, classId: string): Promise<Member[]> {
	return db
		.select({
			...{ id: users.id, name: users.name, email: users.email },
			...{ role: members.role, studentNumber: members.studentNumber, joinedAt: members.joinedAt },
		})
		.from(members)
		.innerJoin(users, eq(users.id, members.userId))
		.where(eq(members.classId, classId))
		.orderBy(asc(users.name), asc(users.id));
}

/** Slugs in the order in which the class meets them. */
export async function labsOf(db: Executor, classId: string): Promise<string[]> {
	const rows = await db
		.select({ slug: classLabs.labSlug })
		.from(classLabs)
		.where(eq(classLabs.classId, classId))
		.orderBy(asc(classLabs.position));
	return rows.map((row) => row.slug);
}

/** The same for several classes at once. */
export async function labCounts(
	db: Executor,
	classIds: readonly string[],
): Promise<Map<string, number>> {
	if (classIds.length === 0) return new Map();
	const rows = await db
		.select({ classId: classLabs.classId, count: sql<number>`count(*)::int` })
		.from(classLabs)
		.where(inArray(classLabs.classId, [...classIds]))
		.groupBy(classLabs.classId);
	return new Map(rows.map((row) => [row.classId, row.count]));
}
