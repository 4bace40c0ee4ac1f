// A sandbox ended and started again, with all that it keeps.

import { json } from '@sveltejs/kit';
import { app } from '#server/app.ts';
import { requireWorkspace } from '#server/kit.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = async (event) => {
	const { workspace } = await requireWorkspace(event, event.params.workspace, 'restart');
	const view = await app().sandboxes.restart(workspace, false);
	return json(view, { status: view.ok ? 200 : 503 });
};
