// A file of the workspace as the document has it now, or a directory, or everything as a zip.

import { error } from '@sveltejs/kit';
import { downloadWorkspace } from '#server/files/download.ts';
import { requireWorkspace } from '#server/kit.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async (event) => {
	const { workspace } = await requireWorkspace(event, event.params.workspace, 'see');
	const path = event.url.searchParams.get('path') ?? '';
	const response = await downloadWorkspace(workspace, path);
	if (!response) {
		error(404, 'There is no such file in this workspace.', {
			advice: 'It may have been renamed or deleted meanwhile.',
		});
	}
	return response;
};
