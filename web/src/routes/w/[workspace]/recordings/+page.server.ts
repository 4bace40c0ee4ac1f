// The recordings of one workspace's terminals, for its owner and the class's staff.

import { recordingsOf } from '@containrlab/db/queries/recordings.ts';
import { app } from '#server/app.ts';
import { requireWorkspace } from '#server/kit.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
	const { workspace, isOwner } = await requireWorkspace(event, event.params.workspace, 'see');
	const { db, labs } = app();
	return {
		isOwner,
		workspace: { id: workspace.id, owner: workspace.owner },
		class: { id: workspace.class.id, name: workspace.class.name },
		labTitle: labs.title(workspace.labSlug),
		recordings: await recordingsOf(db, workspace.id),
	};
};
