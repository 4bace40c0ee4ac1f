// One recording of a terminal, for the workspace's owner and the class's staff.

import { error } from '@sveltejs/kit';
import { recordingsOf } from '@containrlab/db/queries/recordings.ts';
import { app } from '#server/app.ts';
import { requireWorkspace } from '#server/kit.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
	const { workspace, isOwner } = await requireWorkspace(event, event.params.workspace, 'see');
	const { db, labs } = app();
	const all = await recordingsOf(db, workspace.id);
	const recording = all.find(({ id }) => id === event.params.recording);
	if (!recording) {
		error(404, 'This recording is no more.', { advice: 'The oldest go when there are too many.' });
	}
	return {
		isOwner,
		recording,
		workspace: { id: workspace.id, owner: workspace.owner },
		class: { id: workspace.class.id, name: workspace.class.name },
		labTitle: labs.title(workspace.labSlug),
	};
};
