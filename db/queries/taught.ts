// Which labs someone is taught, in which of their classes.

import { and, asc, eq, isNull } from 'drizzle-orm';
import type { Role } from '@containrlab/protocol/ticket.ts';
import { classes, classLabs, members } from '../schema.ts';
import type { Executor } from './executor.ts';

export type TaughtLab = { slug: string; class: { id: string; name: string; role: Role } };

/** One row for each lab of each class that isn't archived; `slug` asks for one lab only. */
export async function labsTaughtTo(
	db: Executor,
	userId: string,
	slug?: string,
): Promise<TaughtLab[]> {
	return db
		.select({
			slug: classLabs.labSlug,
			class: { id: classes.id, name: classes.name, role: members.role },
		})
		.from(members)
		.innerJoin(classes, eq(classes.id, members.classId))
		.innerJoin(classLabs, eq(classLabs.classId, classes.id))
		.where(
			and(
				eq(members.userId, userId),
				isNull(classes.archivedAt),
				slug === undefined ? undefined : eq(classLabs.labSlug, slug),
			),
		)
		.orderBy(asc(classLabs.labSlug), asc(classes.name), asc(classes.id));
}
