// One's own session of a lab.

import { endpoint, otherwise } from '#server/api/endpoint.ts';
import { ownSession } from '#server/api/find.ts';
import { activeSession } from '#server/api/operations.ts';
import { sessionView } from '#server/api/views.ts';
import { app } from '#server/app.ts';

export const GET = endpoint(activeSession, async ({ viewer, params, query }, answer) => {
	const workspace = await ownSession(viewer, params, query.class);
	if (!workspace) return answer(200, { session: null });
	const { labs, sandboxes } = app();
	const sandbox = await sandboxes.view(workspace.id);
	return answer(200, { session: sessionView(workspace, labs, sandbox) });
});
export const fallback = otherwise(activeSession);
