// A session: how its sandbox is, and ending it.

import { endpoint, otherwise } from '#server/api/endpoint.ts';
import { session } from '#server/api/find.ts';
import { endSandbox, getSession } from '#server/api/operations.ts';
import { ApiRefusal } from '#server/api/refusals.ts';
import { sessionView } from '#server/api/views.ts';
import { app } from '#server/app.ts';

export const GET = endpoint(getSession, async ({ viewer, params }, answer) => {
	const workspace = await session(viewer, params, 'see');
	const { labs, sandboxes } = app();
	const sandbox = await sandboxes.view(workspace.id);
	return answer(200, sessionView(workspace, labs, sandbox));
});

export const DELETE = endpoint(endSandbox, async ({ viewer, params }, answer) => {
	const workspace = await session(viewer, params, 'edit');
	const { labs, sandboxes } = app();
	const sandbox = await sandboxes.stop(workspace.id);
	if (!sandbox.ok) throw new ApiRefusal('no-sandbox');
	return answer(200, sessionView(workspace, labs, sandbox));
});
export const fallback = otherwise(getSession, endSandbox);
