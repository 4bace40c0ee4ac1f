// The ready-made class that a first start comes with: Docker 101, an instructor and a TA.

import { hash } from '@node-rs/argon2';
import { and, eq, isNotNull } from 'drizzle-orm';
import type { Connection } from '@containrlab/db/connect.ts';
import { createClass } from '@containrlab/db/queries/classes.ts';
import { classes, labVersions, members, users } from '@containrlab/db/schema.ts';
import { readCatalog } from '@containrlab/labs/catalog.ts';
import { newId } from '@containrlab/protocol/id.ts';
import type { Lab } from '@containrlab/protocol/lab.ts';

/** `.invalid` can't be anyone's address (RFC 2606). */
export const INSTRUCTOR = 'instructor@containrlab.invalid';
export const TA = 'ta@containrlab.invalid';
const CLASS = 'Docker 101';

/** Next to the web's own cost; both are OWASP's first choice for argon2id. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** The instructor's own class to begin with: the ready-made one, or what has taken its place. */
export interface DemoClass {
	id: string;
	name: string;
	joinCode: string;
}

export async function readLabs(dir: string): Promise<{ labs: Lab[]; problems: string[] }> {
	const { labs, problems } = await readCatalog(dir);
	return {
		labs,
		problems: problems.map(
			({ file, line, message }) => `${file}${line ? `:${line}` : ''}: ${message}`,
		),
	};
}

/** Everything or nothing, once: a class that its instructor renamed or emptied stays as it is. */
export async function ensureDemoClass(
	{ db }: Connection,
	labs: Lab[],
	passwords: { instructor: string; ta: string },
): Promise<DemoClass> {
	return db.transaction(async (tx) => {
		for (const lab of labs) {
			await tx
				.insert(labVersions)
				.values({ digest: lab.digest, slug: lab.slug, content: lab })
				.onConflictDoNothing();
		}
		const person = async (name: string, email: string, password: string, admin: boolean) => {
			const [known] = await tx.select({ id: users.id }).from(users).where(eq(users.email, email));
			if (known) return known.id;
			const id = newId();
			const passwordHash = await hash(password, COST);
			await tx.insert(users).values({ id, name, email, passwordHash, admin });
			return id;
		};
		const instructor = await person('Instructor', INSTRUCTOR, passwords.instructor, true);
		const taught = await tx
			.select({ id: classes.id, name: classes.name, joinCode: classes.joinCode })
			.from(members)
			.innerJoin(classes, eq(classes.id, members.classId))
			.where(and(eq(members.userId, instructor), eq(members.role, 'instructor')))
			.orderBy(isNotNull(classes.archivedAt), classes.createdAt)
			.limit(1);
		if (taught[0]) return taught[0];
		const ta = await person('Teaching assistant', TA, passwords.ta, false);
		const made = await createClass(tx, { name: CLASS, labs: labs.map(({ slug }) => slug) });
		await tx.insert(members).values([
			{ classId: made.id, userId: instructor, role: 'instructor' },
			{ classId: made.id, userId: ta, role: 'ta' },
		]);
		return { id: made.id, name: made.name, joinCode: made.joinCode };
	});
}
