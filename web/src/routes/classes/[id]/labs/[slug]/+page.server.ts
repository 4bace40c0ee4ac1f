// The way into one's own workspace: opens it, and makes it on the first visit.

import { error, redirect } from '@sveltejs/kit';
import { labsOf } from '@containrlab/db/queries/classes.ts';
import { openWorkspace, workspaceOf } from '@containrlab/db/queries/workspaces.ts';
import { app } from '#server/app.ts';
import { requireClassRole } from '#server/kit.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
	const { id: classId, slug } = event.params;
	const { viewer, class: found } = await requireClassRole(event, classId, 'see');
	const { db, labs } = app();
	const lab = labs.get(slug);
	if (!lab || !(await labsOf(db, classId)).includes(slug)) {
		error(404, 'This class has no such lab.', { advice: 'Go back to the class.' });
	}
	if (found.archivedAt && !(await workspaceOf(db, classId, slug, viewer.id))) {
		error(409, 'This class is archived.', {
			advice: 'What you did in it is still there, but no lab is begun any more.',
		});
	}
	const { id } = await openWorkspace(db, { classId, ownerId: viewer.id, lab });
	redirect(303, `/w/${id}`);
};
