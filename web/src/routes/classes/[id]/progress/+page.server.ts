// One's own way through a class: each lab, its attempts, and what to try next.

import { app } from '#server/app.ts';
import { requireClassRole } from '#server/kit.ts';
import { progressOf } from '#server/progress.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
	const { viewer, class: found } = await requireClassRole(event, event.params.id, 'see');
	const { db, labs } = app();
	return {
		class: { id: found.id, name: found.name },
		progress: await progressOf({ db, labs }, found.id, viewer.id),
	};
};
