// Whether pages can be served: the database answers.

import { sql } from 'drizzle-orm';
import { json } from '@sveltejs/kit';
import { app } from '#server/app.ts';
import type { RequestHandler } from './$types';

const LIMIT_MS = 2_000;

export const GET: RequestHandler = async () => {
	const answered = app()
		.db.execute(sql`select 1`)
		.then(
			() => true,
			() => false,
		);
	const late = new Promise<boolean>((resolve) => setTimeout(resolve, LIMIT_MS, false).unref());
	const ok = await Promise.race([answered, late]);
	return json({ ok }, { status: ok ? 200 : 503 });
};
