// The bytes of a workspace's binary file: whole, its beginning, or as a picture for an <img>.

import { error } from '@sveltejs/kit';
import { app } from '#server/app.ts';
import { attachment, picture } from '#server/files/attachment.ts';
import { workspaceBytes } from '#server/files/download.ts';
import { requireWorkspace } from '#server/kit.ts';
import { HEAD_BYTES, kindOfBytes } from '#lib/files/kind-of-bytes.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async (event) => {
	const { workspace } = await requireWorkspace(event, event.params.workspace, 'see');
	const { sha } = event.params;
	const bytes = /^[0-9a-f]{64}$/.test(sha)
		? await workspaceBytes(app(), workspace.id, sha)
		: undefined;
	if (!bytes) {
		error(404, 'The content of this file isn’t here.', {
			advice: 'It may still be on its way from the sandbox: try again in a few seconds.',
		});
	}
	const view = event.url.searchParams.get('view');
	if (view === 'head') return attachment(sha, bytes.subarray(0, HEAD_BYTES));
	if (view === 'picture') {
		const type = kindOfBytes(bytes.subarray(0, HEAD_BYTES))?.image;
		if (type === undefined) error(415, 'This file is no picture.', { advice: 'Download it.' });
		return picture(type, bytes);
	}
	return attachment(sha, bytes);
};
