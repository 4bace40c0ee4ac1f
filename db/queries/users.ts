// People: accounts with an e-mail address, and guests with a name alone.

import { eq } from 'drizzle-orm';
import { newId } from '@containrlab/protocol/id.ts';
import { users } from '../schema.ts';
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

export async function userByEmail(db: Executor, email: string): Promise<User | undefined> {
	return first(await db.select().from(users).where(eq(users.email, email.toLowerCase())));
}
