// A connection to Postgres with our schema, and its migrations.

import { fileURLToPath } from 'node:url';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';
import * as schema from './schema.ts';

export type Sql = postgres.Sql;
export type Database = PostgresJsDatabase<typeof schema>;

export interface Connection extends AsyncDisposable {
	/** For queries that drizzle can't say, and LISTEN. */
	sql: Sql;
	db: Database;
}

/** Connects lazily: nothing is opened before the first query. `max` is the pool's size. */
export function connect(url: string, { max = 10 }: { max?: number } = {}): Connection {
	const sql = postgres(url, {
		max,
		onnotice: () => {},
		connect_timeout: 5,
		// What is said to be saved must be, also on a server that was set up to be fast.
		connection: { synchronous_commit: 'on' },
	});
	return {
		sql,
		db: drizzle(sql, { schema }),
		[Symbol.asyncDispose]: () => sql.end({ timeout: 5 }),
	};
}

/** Brings the schema up to date; safe to run at every start, by several processes at once. */
export async function migrateToLatest(url: string): Promise<void> {
	await using connection = connect(url, { max: 1 });
	// Migrations of two starters must not interleave; the lock ends with the connection.
	await connection.sql`select pg_advisory_lock(7310011)`;
	await migrate(connection.db, {
		migrationsFolder: fileURLToPath(new URL('./migrations', import.meta.url)),
	});
}
