// One attempt, for its student and their teachers.

import { endpoint, otherwise } from '#server/api/endpoint.ts';
import { attempt } from '#server/api/find.ts';
import { getAttempt } from '#server/api/operations.ts';
import { attemptView } from '#server/api/views.ts';

export const GET = endpoint(getAttempt, async ({ viewer, params }, answer) =>
	answer(200, attemptView(await attempt(viewer, params))),
);
export const fallback = otherwise(getAttempt);
