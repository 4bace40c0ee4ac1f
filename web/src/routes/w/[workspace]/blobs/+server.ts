// Taking in the bytes of an uploaded file that isn't text; the page then names them in the document.

import { keepWithin, shaOf } from '@containrlab/db/queries/blobs.ts';
import { touchWorkspace } from '@containrlab/db/queries/workspaces.ts';
import { FILE_LIMITS } from '@containrlab/protocol/path.ts';
import { error, json } from '@sveltejs/kit';
import { app } from '#server/app.ts';
import { requireWorkspace } from '#server/kit.ts';
import { bytes as inWords } from '#lib/words.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = async (event) => {
	const { workspace } = await requireWorkspace(event, event.params.workspace, 'edit');
	const { db } = app();
	const bytes = new Uint8Array(await event.request.arrayBuffer());
	const sha = shaOf(bytes);
	if (!(await keepWithin(db, workspace.id, { sha, bytes }, FILE_LIMITS.kept))) {
		error(413, `This workspace has taken in ${inWords(FILE_LIMITS.kept)} of files already.`, {
			advice: 'Make large files in the terminal instead, or download them in the Dockerfile.',
		});
	}
	await touchWorkspace(db, workspace.id);
	return json({ sha, size: bytes.length }, { status: 201 });
};
