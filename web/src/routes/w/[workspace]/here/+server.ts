// Which file is in front of a workspace's owner; that they are here, web sees by their socket.

import { error } from '@sveltejs/kit';
import { z } from 'zod';
import { FILE_LIMITS, pathProblem } from '@containrlab/protocol/path.ts';
import { app } from '#server/app.ts';
import { requireWorkspace } from '#server/kit.ts';
import { placeOf } from '#server/presence.ts';
import type { RequestHandler } from './$types';

const Here = z.object({
	file: z
		.string()
		.max(FILE_LIMITS.path)
		.refine((path) => pathProblem(path) === undefined)
		.nullable(),
});

export const POST: RequestHandler = async (event) => {
	const { workspace } = await requireWorkspace(event, event.params.workspace, 'be-here');
	const body = Here.safeParse(await event.request.json().catch(() => undefined));
	if (!body.success) error(400, 'No file has such a path.', { advice: 'Reload the page.' });
	app().presence.show(placeOf(workspace), body.data.file);
	return new Response(null, { status: 204 });
};
