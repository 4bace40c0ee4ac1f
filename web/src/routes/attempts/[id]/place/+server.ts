// Where an attempt stands in the line, as JSON; null when it doesn't wait.

import { json } from '@sveltejs/kit';
import { app } from '#server/app.ts';
import { requireAttempt } from '#server/kit.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async (event) => {
	const { attempt } = await requireAttempt(event, event.params.id);
	return json((await app().line.placeOf(attempt.id)) ?? null);
};
