// More time for a workspace's sandbox.

import { json } from '@sveltejs/kit';
import { app } from '#server/app.ts';
import { requireWorkspace } from '#server/kit.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = async (event) => {
	const { workspace } = await requireWorkspace(event, event.params.workspace, 'edit');
	const view = await app().sandboxes.extend(workspace.id);
	return json(view, { status: view.ok ? 200 : 503 });
};
