// Opens one's own session of a lab, making it on the first visit, and starts its sandbox.

import { openWorkspace } from '@containrlab/db/queries/workspaces.ts';
import { endpoint, otherwise } from '#server/api/endpoint.ts';
import { labInClass, session } from '#server/api/find.ts';
import { startLab } from '#server/api/operations.ts';
import { ApiRefusal } from '#server/api/refusals.ts';
import { sessionView } from '#server/api/views.ts';
import { app } from '#server/app.ts';

export const POST = endpoint(startLab, async ({ viewer, params, query }, answer) => {
	const { lab, classId } = await labInClass(viewer, params, query.class);
	const { db, labs, sandboxes } = app();
	const { id, created } = await openWorkspace(db, { classId, ownerId: viewer.id, lab });
	const workspace = await session(viewer, { id }, 'edit');
	const sandbox = await sandboxes.start(workspace);
	if (!sandbox.ok) {
		throw new ApiRefusal('no-sandbox', {
			hint: `Your session is there all the same: GET /api/labs/${lab.slug}/active names it.`,
		});
	}
	return answer(created ? 201 : 200, sessionView(workspace, labs, sandbox));
});
export const fallback = otherwise(startLab);
