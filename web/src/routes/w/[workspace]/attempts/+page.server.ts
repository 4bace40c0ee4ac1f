// One workspace's attempts, newest first.

import { attemptsOf } from '@containrlab/db/queries/attempts.ts';
import { app } from '#server/app.ts';
import { requireWorkspace } from '#server/kit.ts';
import type { PageServerLoad } from './$types';

const SHOWN = 200;

export const load: PageServerLoad = async (event) => {
	const { workspace, isOwner } = await requireWorkspace(event, event.params.workspace, 'see');
	const { db, labs } = app();
	const attempts = await attemptsOf(db, workspace.id, SHOWN);
	return {
		isOwner,
		workspace: { id: workspace.id, owner: workspace.owner },
		class: { id: workspace.class.id, name: workspace.class.name },
		labTitle: labs.title(workspace.labSlug),
		attempts: attempts.map(({ id, number, status, createdAt, durationMs, imageBytes }) => ({
			...{ id, number, status, createdAt, durationMs, imageBytes },
		})),
	};
};
