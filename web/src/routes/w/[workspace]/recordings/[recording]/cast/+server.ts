// A recording as asciicast v2, for the player and to take away.

import { error } from '@sveltejs/kit';
import { castOf } from '@containrlab/db/queries/recordings.ts';
import { app } from '#server/app.ts';
import { attachment } from '#server/files/attachment.ts';
import { requireWorkspace } from '#server/kit.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async (event) => {
	const { workspace } = await requireWorkspace(event, event.params.workspace, 'see');
	const cast = await castOf(app().db, workspace.id, event.params.recording);
	if (cast === undefined) {
		error(404, 'This recording is no more.', { advice: 'The oldest go when there are too many.' });
	}
	const name = `${workspace.owner.name} ${workspace.labSlug} terminal.cast`;
	return attachment(name, new TextEncoder().encode(cast), 'application/x-asciicast');
};
