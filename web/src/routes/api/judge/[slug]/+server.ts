// Submitting one's session of a lab, and its latest attempt.

import { attemptById, attemptsOf } from '@containrlab/db/queries/attempts.ts';
import { endpoint, otherwise } from '#server/api/endpoint.ts';
import { ownSession, session } from '#server/api/find.ts';
import { latestAttempt, submit } from '#server/api/operations.ts';
import { ApiRefusal } from '#server/api/refusals.ts';
import { attemptView } from '#server/api/views.ts';
import { app } from '#server/app.ts';

export const GET = endpoint(latestAttempt, async ({ viewer, params, query }, answer) => {
	const workspace = await ownSession(viewer, params, query.class);
	if (!workspace) throw new ApiRefusal('not-started');
	const [attempt] = await attemptsOf(app().db, workspace.id, 1);
	return answer(200, { attempt: attempt ? attemptView(attempt) : null });
});

export const POST = endpoint(submit, async ({ viewer, params, query }, answer) => {
	const own = await ownSession(viewer, params, query.class);
	if (!own) throw new ApiRefusal('not-started');
	const workspace = await session(viewer, { id: own.id }, 'submit');
	const { db, submissions } = app();
	const result = await submissions.submit(workspace, viewer.id);
	if (!result.ok && result.reason === 'too-often') {
		throw new ApiRefusal('too-many-requests', { headers: { 'retry-after': String(result.wait) } });
	}
	if (!result.ok)
		throw new ApiRefusal(result.reason === 'no-lab' ? 'lab-withdrawn' : 'unavailable');
	const attempt = await attemptById(db, result.attempt);
	if (!attempt) throw new Error('an attempt that was just made is gone');
	return answer(202, attemptView(attempt));
});
export const fallback = otherwise(latestAttempt, submit);
