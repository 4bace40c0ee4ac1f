// Accounts, and which of them may create classes: what an admin decides.

import { and, asc, desc, eq, ilike, isNotNull, or } from 'drizzle-orm';
import { users } from '../schema.ts';
import { first, type Executor } from './executor.ts';

export type Account = {
	id: string;
	name: string;
	email: string | null;
	admin: boolean;
	instructor: boolean;
	createdAt: Date;
};

/** Accounts alone, no guests; those who may create classes come first. */
export async function accountsMatching(
	db: Executor,
	words: string,
	limit: number,
): Promise<Account[]> {
	const pattern = `%${words.replace(/[\\%_]/g, '\\$&')}%`;
	return db
		.select({
			...{ id: users.id, name: users.name, email: users.email },
			...{ admin: users.admin, instructor: users.instructor, createdAt: users.createdAt },
		})
		.from(users)
		.where(
			and(
				isNotNull(users.email),
				words === '' ? undefined : or(ilike(users.name, pattern), ilike(users.email, pattern)),
			),
		)
		.orderBy(desc(users.admin), desc(users.instructor), asc(users.name), asc(users.id))
		.limit(limit);
}

/** Undefined when there is no such account; guests have none. */
export async function setInstructor(
	db: Executor,
	userId: string,
	instructor: boolean,
): Promise<{ name: string } | undefined> {
	const rows = await db
		.update(users)
		.set({ instructor })
		.where(and(eq(users.id, userId), isNotNull(users.email)))
		.returning({ name: users.name });
	return first(rows);
}
