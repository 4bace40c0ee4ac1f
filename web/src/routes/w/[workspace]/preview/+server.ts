// What a workspace's sandbox serves: the list, and a link into one of them.

import { Port } from '@containrlab/protocol/preview.ts';
import { error, json } from '@sveltejs/kit';
import { z } from 'zod';
import { app } from '#server/app.ts';
import { requireWorkspace } from '#server/kit.ts';
import type { RequestHandler } from './$types';

const Asked = z.object({
	port: Port,
	/** Of the app, with its query. */
	path: z
		.string()
		.max(2000)
		.regex(/^\/(?![/\\])/),
});

export const GET: RequestHandler = async (event) => {
	const { workspace } = await requireWorkspace(event, event.params.workspace, 'see');
	return json({ ports: await app().runnerd.ports(workspace.id) });
};

export const POST: RequestHandler = async (event) => {
	const { viewer, workspace } = await requireWorkspace(event, event.params.workspace, 'see');
	const asked = Asked.safeParse(await event.request.json().catch(() => undefined));
	if (!asked.success) error(400, 'Which port, and which path?');
	const { port, path } = asked.data;
	const place = { workspace: workspace.id, port };
	const ours = event.url.origin;
	const { kind } = app().previews.wayTo(place, ours);
	return json({ kind, url: app().previews.linkFor(viewer, place, ours, path) ?? null });
};
