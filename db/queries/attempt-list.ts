// Attempts as a table: filtered, sorted by any column, a page at a time, without their files and
// verdicts; and what a gradebook wants of them.

import { and, eq, gte, inArray, lt, sql, type SQL } from 'drizzle-orm';
import type { Score } from '@containrlab/protocol/verdict.ts';
import { attempts, members, users, workspaces } from '../schema.ts';
import type { AttemptStatus } from './attempts.ts';
import type { Executor } from './executor.ts';

/** `best`: of each person and lab one, a pass before a failure and the first of equals. */
export type AttemptShow = 'all' | 'latest' | 'best';

export type AttemptFilter = {
	classId: string;
	workspaceId?: string | undefined;
	studentId?: string | undefined;
	labSlug?: string | undefined;
	status?: AttemptStatus | undefined;
	/** Of any failure of the verdict. */
	code?: string | undefined;
	from?: Date | undefined;
	/** Not included. */
	until?: Date | undefined;
	show?: AttemptShow | undefined;
};

const passedChecks = sql<number>`jsonb_array_length(jsonb_path_query_array(${attempts.verdict}, '$.checks[*] ? (@.status == "passed")'))`;
const allChecks = sql<number>`jsonb_array_length(${attempts.verdict} -> 'checks')`;
const firstCode = sql<string | null>`${attempts.verdict} -> 'failures' -> 0 ->> 'code'`;

/** What a column sorts by, never null: so that a place in the order is a value and an id. */
type SortKey = { by: SQL; write: SQL; read: (key: string) => SQL };
const textKey = (by: SQL): SortKey => ({ by, write: by, read: (key) => sql`${key}::text` });
const numberKey = (by: SQL): SortKey => ({
	by,
	write: sql`(${by})::text`,
	read: (key) => sql`${key}::bigint`,
});

const SORT_KEYS = {
	when: {
		by: sql`${attempts.createdAt}`,
		write: sql`(extract(epoch from ${attempts.createdAt}) * 1000000)::bigint::text`,
		read: (key) => sql`timestamptz 'epoch' + ${key}::bigint * interval '1 microsecond'`,
	},
	student: textKey(sql`lower(${users.name})`),
	lab: textKey(sql`${workspaces.labSlug}`),
	number: numberKey(sql`${attempts.number}`),
	verdict: textKey(sql`${attempts.status}`),
	code: textKey(sql`coalesce(${firstCode}, '')`),
	checks: numberKey(sql`coalesce(${passedChecks}, -1)`),
	took: numberKey(sql`coalesce(${attempts.durationMs}, -1)`),
	image: numberKey(sql`coalesce(${attempts.imageBytes}, -1)`),
} as const satisfies Record<string, SortKey>;
export type AttemptSort = keyof typeof SORT_KEYS;
export const TEXT_SORTS = ['student', 'lab', 'verdict', 'code'] as const;
export const NUMBER_SORTS = ['when', 'number', 'checks', 'took', 'image'] as const;

/** A place in the order: a row's sort key, as text or as an integer of at most 16 digits, and its id. */
export type AttemptPlace = { key: string; id: string };

export type AttemptOrder = {
	sort: AttemptSort;
	descending: boolean;
	/** The page that follows this place, or the one that comes before it. */
	after?: AttemptPlace | undefined;
	before?: AttemptPlace | undefined;
};

export type ListedAttempt = {
	id: string;
	number: number;
	status: AttemptStatus;
	createdAt: Date;
	durationMs: number | null;
	imageBytes: number | null;
	/** Of the first failure. */
	code: string | null;
	checksPassed: number | null;
	checks: number | null;
	workspaceId: string;
	labSlug: string;
	student: { id: string; name: string };
};

const listed = {
	id: attempts.id,
	number: attempts.number,
	status: attempts.status,
	createdAt: attempts.createdAt,
	durationMs: attempts.durationMs,
	imageBytes: attempts.imageBytes,
	code: firstCode,
	checksPassed: passedChecks,
	checks: allChecks,
	workspaceId: attempts.workspaceId,
	labSlug: workspaces.labSlug,
	student: { id: users.id, name: users.name },
};

export type AttemptPage = {
	rows: ListedAttempt[];
	/** Where the neighbouring pages begin; undefined at the ends. */
	next: AttemptPlace | undefined;
	previous: AttemptPlace | undefined;
};

/** One page, found by place and not by counting: what is submitted meanwhile moves nothing. */
export async function attemptPage(
	db: Executor,
	filter: AttemptFilter,
	order: AttemptOrder,
	size: number,
): Promise<AttemptPage> {
	const { by, write, read }: SortKey = SORT_KEYS[order.sort];
	const backwards = order.before !== undefined;
	const place = order.before ?? order.after;
	const downwards = order.descending !== backwards;
	const direction = sql.raw(downwards ? 'desc' : 'asc');
	const beyond = place
		? sql`(${by}, ${attempts.id}) ${sql.raw(downwards ? '<' : '>')} (${read(place.key)}, ${place.id})`
		: undefined;
	// Places first and the rest of their rows then: verdicts are large, and sorting reads every one.
	const found = await db
		.select({ id: attempts.id, key: sql<string>`${write}` })
		.from(attempts)
		.innerJoin(workspaces, eq(workspaces.id, attempts.workspaceId))
		.innerJoin(users, eq(users.id, workspaces.ownerId))
		.where(and(matching(filter), beyond))
		.orderBy(sql`${by} ${direction}`, sql`${attempts.id} ${direction}`)
		.limit(size + 1);
	const more = found.length > size;
	const places = found.slice(0, size);
	if (backwards) places.reverse();
	return {
		rows: await rowsOf(
			db,
			places.map((each) => each.id),
		),
		next: backwards || more ? places.at(-1) : undefined,
		previous: backwards ? (more ? places[0] : undefined) : place && places[0],
	};
}

/** In the order of `ids`. */
async function rowsOf(db: Executor, ids: readonly string[]): Promise<ListedAttempt[]> {
	if (ids.length === 0) return [];
	const rows = await db
		.select(listed)
		.from(attempts)
		.innerJoin(workspaces, eq(workspaces.id, attempts.workspaceId))
		.innerJoin(users, eq(users.id, workspaces.ownerId))
		.where(inArray(attempts.id, [...ids]));
	const byId = new Map(rows.map((row) => [row.id, row]));
	return ids.flatMap((id) => byId.get(id) ?? []);
}

function matching(filter: AttemptFilter): SQL | undefined {
	const { classId, workspaceId, studentId, labSlug, status, code, from, until, show } = filter;
	const failure = code === undefined ? undefined : JSON.stringify({ failures: [{ code }] });
	return and(
		eq(workspaces.classId, classId),
		workspaceId === undefined ? undefined : eq(workspaces.id, workspaceId),
		studentId === undefined ? undefined : eq(workspaces.ownerId, studentId),
		labSlug === undefined ? undefined : eq(workspaces.labSlug, labSlug),
		status === undefined ? undefined : eq(attempts.status, status),
		failure === undefined ? undefined : sql`${attempts.verdict} @> ${failure}::jsonb`,
		from && gte(attempts.createdAt, from),
		until && lt(attempts.createdAt, until),
		show === 'latest' ? isLatest : undefined,
		show === 'best' ? isBest(classId) : undefined,
	);
}

const isLatest = sql`not exists (select 1 from attempts later where later.workspace_id = ${attempts.workspaceId} and later.number > ${attempts.number})`;

const isBest = (classId: string): SQL => sql`${attempts.id} in (
	select distinct on (a.workspace_id) a.id
	from attempts a join workspaces w on w.id = a.workspace_id
	where w.class_id = ${classId}
	order by a.workspace_id,
		case a.status when 'passed' then 0 when 'failed' then 1 else 2 end,
		jsonb_array_length(jsonb_path_query_array(a.verdict, '$.checks[*] ? (@.status == "passed")')) desc nulls last,
		a.number
)`;

/** How many there are of each status. */
export async function countAttempts(
	db: Executor,
	filter: AttemptFilter,
): Promise<Record<AttemptStatus, number>> {
	const rows = await db
		.select({ status: attempts.status, count: sql<number>`count(*)::int` })
		.from(attempts)
		.innerJoin(workspaces, eq(workspaces.id, attempts.workspaceId))
		.where(matching(filter))
		.groupBy(attempts.status);
	const counts = { queued: 0, running: 0, passed: 0, failed: 0, error: 0, withdrawn: 0 };
	for (const { status, count } of rows) counts[status] = count;
	return counts;
}

/** What has failed in a class, by its codes. */
export async function failureCodes(db: Executor, classId: string): Promise<string[]> {
	const rows = await db.execute<{ code: string }>(sql`
		select distinct failure ->> 'code' as code
		from ${attempts}
		join ${workspaces} on ${workspaces.id} = ${attempts.workspaceId},
			jsonb_array_elements(${attempts.verdict} -> 'failures') failure
		where ${workspaces.classId} = ${classId} and ${attempts.status} = 'failed'
		order by code limit 200`);
	return rows.map((row) => row.code);
}

export type Grade = {
	userId: string;
	name: string;
	studentNumber: string | null;
	labSlug: string;
	passed: number;
	failed: number;
	/** Without a verdict yet. */
	open: number;
	/** Those that we could not check: they count for nobody. */
	errors: number;
	/** When the first attempt that passed was submitted. */
	firstPass: Date | null;
	/** Of the attempt with the most points; null before one was judged. */
	best: Score | null;
};

const points = sql`coalesce((checked ->> 'points')::int, 1)`;
const isBonus = sql`coalesce((checked ->> 'bonus')::boolean, false)`;
/** What protocol's scoreOf says of a verdict's checks; all or nothing where staff decided. */
const earned = sql`coalesce(sum(${points}) filter (where checked ->> 'status' = 'passed'), 0)`;
const score = sql`(
	select jsonb_build_object(
		'earned', case ${attempts.override} ->> 'status'
			when 'passed' then greatest(${earned}, coalesce(sum(${points}) filter (where not ${isBonus}), 0))
			when 'failed' then 0
			else ${earned} end,
		'possible', coalesce(sum(${points}) filter (where not ${isBonus}), 0),
		'bonus', coalesce(sum(${points}) filter (where checked ->> 'status' = 'passed' and ${isBonus}), 0))
	from jsonb_array_elements(${attempts.verdict} -> 'checks') checked)`;

/** Every student with every lab that the class has, or that someone has worked on. */
export async function gradebook(
	db: Executor,
	classId: string,
	filter: { studentId?: string | undefined; labSlug?: string | undefined } = {},
): Promise<Grade[]> {
	const of = (status: SQL) =>
		sql<number>`(count(${attempts.id}) filter (where ${attempts.status} ${status}))::int`;
	const labs = sql`(
		select lab_slug as slug from class_labs where class_id = ${classId}
		union select lab_slug from workspaces where class_id = ${classId}) labs`;
	return db
		.select({
			userId: users.id,
			name: users.name,
			studentNumber: members.studentNumber,
			labSlug: sql<string>`labs.slug`,
			passed: of(sql`= 'passed'`),
			failed: of(sql`= 'failed'`),
			open: of(sql`in ('queued', 'running')`),
			errors: of(sql`= 'error'`),
			firstPass:
				sql<Date | null>`min(${attempts.createdAt}) filter (where ${attempts.status} = 'passed')`.mapWith(
					attempts.createdAt,
				),
			best: sql<Score | null>`(array_agg(${score} order by (${score} ->> 'earned')::int desc, ${attempts.number})
				filter (where ${attempts.status} in ('passed', 'failed')))[1]`,
		})
		.from(members)
		.innerJoin(users, eq(users.id, members.userId))
		.innerJoin(labs, sql`true`)
		.leftJoin(
			workspaces,
			and(
				eq(workspaces.classId, members.classId),
				eq(workspaces.ownerId, members.userId),
				sql`${workspaces.labSlug} = labs.slug`,
			),
		)
		.leftJoin(attempts, eq(attempts.workspaceId, workspaces.id))
		.where(
			and(
				eq(members.classId, classId),
				eq(members.role, 'student'),
				filter.studentId === undefined ? undefined : eq(users.id, filter.studentId),
				filter.labSlug === undefined ? undefined : sql`labs.slug = ${filter.labSlug}`,
			),
		)
		.groupBy(users.id, members.studentNumber, sql`labs.slug`)
		.orderBy(sql`lower(${users.name})`, users.id, sql`labs.slug`);
}
