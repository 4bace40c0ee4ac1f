// A preview in a tab of its own: leads to its address, with a pass.

import { Port } from '@containrlab/protocol/preview.ts';
import { error } from '@sveltejs/kit';
import { asPath } from '#lib/workspace/local-address.ts';
import { app } from '#server/app.ts';
import { requireWorkspace } from '#server/kit.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async (event) => {
	const { viewer, workspace } = await requireWorkspace(event, event.params.workspace, 'see');
	const port = Port.safeParse(Number(event.params.port));
	if (!port.success) error(404, 'There is no such port.');
	const path = asPath((event.url.searchParams.get('path') ?? '').slice(0, 2000));
	const place = { workspace: workspace.id, port: port.data };
	const link = app().previews.linkFor(viewer, place, event.url.origin, path);
	if (link === undefined) {
		error(503, 'Previews are off in this classroom.', {
			advice: 'Whoever runs it can switch them on: WEB_PREVIEW_BASE or WEB_PREVIEW_ORIGIN.',
		});
	}
	// Never kept: it works once.
	const headers = { location: link, 'cache-control': 'no-store' };
	return new Response(null, { status: 303, headers });
};
