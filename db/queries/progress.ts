// How far one person is: their attempts by lab, without files and logs, and what the last one advised.

import { and, asc, desc, eq, sql } from 'drizzle-orm';
import { attempts, workspaces } from '../schema.ts';
import type { AttemptStatus } from './attempts.ts';
import type { Executor } from './executor.ts';

export type ProgressAttempt = {
	id: string;
	workspaceId: string;
	number: number;
	status: AttemptStatus;
	createdAt: Date;
	/** null before the verdict. */
	checksPassed: number | null;
	checks: number | null;
};

/** All of a person's attempts in a class, each lab's from the first to the last. */
export async function attemptsOfPerson(
	db: Executor,
	classId: string,
	userId: string,
): Promise<ProgressAttempt[]> {
	return db
		.select({
			id: attempts.id,
			workspaceId: attempts.workspaceId,
			number: attempts.number,
			status: attempts.status,
			createdAt: attempts.createdAt,
			checksPassed: sql<
				number | null
			>`jsonb_array_length(jsonb_path_query_array(${attempts.verdict}, '$.checks[*] ? (@.status == "passed")'))`,
			checks: sql<number | null>`jsonb_array_length(${attempts.verdict} -> 'checks')`,
		})
		.from(attempts)
		.innerJoin(workspaces, eq(workspaces.id, attempts.workspaceId))
		.where(and(eq(workspaces.classId, classId), eq(workspaces.ownerId, userId)))
		.orderBy(asc(attempts.workspaceId), asc(attempts.number));
}

export type Advice = { message: string; hint: string };

/** What the newest verdict of each workspace named first, where that was a failure. */
export async function adviceFor(
	db: Executor,
	classId: string,
	userId: string,
): Promise<Map<string, Advice>> {
	const failure = sql`${attempts.verdict} -> 'failures' -> 0`;
	const rows = await db
		.selectDistinctOn([attempts.workspaceId], {
			workspaceId: attempts.workspaceId,
			message: sql<string | null>`${failure} ->> 'message'`,
			hint: sql<string | null>`${failure} ->> 'hint'`,
		})
		.from(attempts)
		.innerJoin(workspaces, eq(workspaces.id, attempts.workspaceId))
		.where(
			and(
				eq(workspaces.classId, classId),
				eq(workspaces.ownerId, userId),
				sql`${attempts.status} in ('passed', 'failed')`,
			),
		)
		.orderBy(attempts.workspaceId, desc(attempts.number));
	return new Map(
		rows.flatMap(({ workspaceId, message, hint }) =>
			message === null ? [] : [[workspaceId, { message, hint: hint ?? '' }] as const],
		),
	);
}
