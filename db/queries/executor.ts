// What every query runs on: the pool, or a transaction that its caller opened.

import type { PgDatabase } from 'drizzle-orm/pg-core';
import type { PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js';
import type * as schema from '../schema.ts';

export type Executor = PgDatabase<PostgresJsQueryResultHKT, typeof schema>;

/** The one row that a query with a unique condition answers. */
export const first = <T>(rows: readonly T[]): T | undefined => rows[0];

/** For `returning()` of a statement that always touches a row. */
export function only<T>(rows: readonly T[]): T {
	const [row] = rows;
	if (row === undefined) throw new Error('a statement that must answer a row answered none');
	return row;
}
