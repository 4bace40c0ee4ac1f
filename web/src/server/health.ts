// Whether this server can do its work: the database answers, and soon.

import { sql } from 'drizzle-orm';
import { app } from './app.ts';

const LIMIT_MS = 2_000;

export async function isHealthy(): Promise<boolean> {
	const answered = app()
		.db.execute(sql`select 1`)
		.then(
			() => true,
			() => false,
		);
	const late = new Promise<boolean>((resolve) => setTimeout(resolve, LIMIT_MS, false).unref());
	return Promise.race([answered, late]);
}
