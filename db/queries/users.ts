// People: accounts with an e-mail address, and guests with a name alone.

import { and, eq, isNull } from 'drizzle-orm';
import { newId } from '@containrlab/protocol/id.ts';
import { returnCodes, users } from '../schema.ts';
import { first, only, type Executor } from './executor.ts';

export type User = typeof users.$inferSelect;

export type NewUser = {
	name: string;
	/** Both or neither: guests have no login. */
	login?: { email: string; passwordHash: string };
	admin?: boolean;
};

/** Undefined when the e-mail address is taken. */
export async function insertUser(db: Executor, user: NewUser): Promise<User | undefined> {
	const rows = await db
		.insert(users)
		.values({
			id: newId(),
			name: user.name,
			email: user.login?.email.toLowerCase() ?? null,
			passwordHash: user.login?.passwordHash ?? null,
			admin: user.admin ?? false,
		})
		.onConflictDoNothing({ target: users.email })
		.returning();
	return first(rows);
}

export async function insertGuest(db: Executor, name: string): Promise<User> {
	return only(await db.insert(users).values({ id: newId(), name }).returning());
}

export async function userById(db: Executor, id: string): Promise<User | undefined> {
	return first(await db.select().from(users).where(eq(users.id, id)));
}

export async function userByEmail(db: Executor, email: string): Promise<User | undefined> {
	return first(await db.select().from(users).where(eq(users.email, email.toLowerCase())));
}

export async function renameUser(db: Executor, id: string, name: string): Promise<void> {
	await db.update(users).set({ name }).where(eq(users.id, id));
}

export async function setPassword(db: Executor, id: string, passwordHash: string): Promise<void> {
	await db.update(users).set({ passwordHash }).where(eq(users.id, id));
}

/** Gives a guest a login in place of the return code; false when they have one already. */
export async function makeAccount(
	db: Executor,
	id: string,
	login: { email: string; passwordHash: string },
): Promise<boolean> {
	const rows = await db
		.update(users)
		.set({ email: login.email.toLowerCase(), passwordHash: login.passwordHash })
		.where(and(eq(users.id, id), isNull(users.email)))
		.returning({ id: users.id });
	if (rows.length === 0) return false;
	await db.delete(returnCodes).where(eq(returnCodes.userId, id));
	return true;
}

/** In place of whatever code they had. */
export async function setReturnCode(db: Executor, userId: string, hash: string): Promise<void> {
	await db
		.insert(returnCodes)
		.values({ userId, hash })
		.onConflictDoUpdate({ target: returnCodes.userId, set: { hash, issuedAt: new Date() } });
}

export async function userOfReturnCode(db: Executor, hash: string): Promise<string | undefined> {
	const rows = await db
		.select({ userId: returnCodes.userId })
		.from(returnCodes)
		.where(eq(returnCodes.hash, hash));
	return first(rows)?.userId;
}

/** When a guest's code was made; undefined without one. */
export async function returnCodeIssued(db: Executor, userId: string): Promise<Date | undefined> {
	const rows = await db
		.select({ issuedAt: returnCodes.issuedAt })
		.from(returnCodes)
		.where(eq(returnCodes.userId, userId));
	return first(rows)?.issuedAt;
}
