// Starting and ending a workspace's sandbox.

import { json } from '@sveltejs/kit';
import { app } from '#server/app.ts';
import { requireWorkspace } from '#server/kit.ts';
import type { RequestHandler } from './$types';

const statusOf = (view: { ok: boolean }) => ({ status: view.ok ? 200 : 503 });

export const POST: RequestHandler = async (event) => {
	const { workspace } = await requireWorkspace(event, event.params.workspace, 'edit');
	const view = await app().sandboxes.start(workspace);
	return json(view, statusOf(view));
};

export const DELETE: RequestHandler = async (event) => {
	const { workspace } = await requireWorkspace(event, event.params.workspace, 'edit');
	const view = await app().sandboxes.stop(workspace.id);
	return json(view, statusOf(view));
};
