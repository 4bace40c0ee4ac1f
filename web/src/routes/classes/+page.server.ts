// The classes that someone is in, and those that have ended.

import { fail } from '@sveltejs/kit';
import { classesOf, labCounts } from '@containrlab/db/queries/classes.ts';
import { mayCreateClasses, mayInClass, mayNameInstructors } from '#server/access.ts';
import { app } from '#server/app.ts';
import { setArchived } from '#server/class-acts.ts';
import { requireClassRole, requireUser } from '#server/kit.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
	const viewer = requireUser(event);
	const { db } = app();
	const [current, archived] = await Promise.all([
		classesOf(db, viewer.id),
		classesOf(db, viewer.id, 'archived'),
	]);
	const labs = await labCounts(
		db,
		current.map((each) => each.class.id),
	);
	return {
		mayCreate: mayCreateClasses(viewer),
		mayNameInstructors: mayNameInstructors(viewer),
		classes: current.map(({ class: { id, name }, role, members }) => ({
			...{ id, name, role, members },
			labs: labs.get(id) ?? 0,
		})),
		archived: archived.map(({ class: { id, name, archivedAt }, role }) => ({
			...{ id, name, archivedAt },
			mayRestore: mayInClass(role, 'administer'),
		})),
	};
};

export const actions: Actions = {
	restore: async (event) => {
		const classId = String((await event.request.formData()).get('class') ?? '');
		const { viewer, class: found } = await requireClassRole(event, classId, 'administer');
		if (!found.archivedAt) return fail(400, { error: 'This class is back already.' });
		await setArchived({ actorId: viewer.id, classId }, false);
		return { restored: found.name };
	},
};
