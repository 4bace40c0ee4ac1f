// Whether pages can be served.

import { json } from '@sveltejs/kit';
import { isHealthy } from '#server/health.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async () => {
	const ok = await isHealthy();
	return json({ ok }, { status: ok ? 200 : 503 });
};
