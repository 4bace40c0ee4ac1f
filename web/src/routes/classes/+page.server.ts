// The classes that someone is in.

import { classesOf, labCounts } from '@containrlab/db/queries/classes.ts';
import { app } from '#server/app.ts';
import { requireUser } from '#server/kit.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
	const viewer = requireUser(event);
	const { db } = app();
	const mine = await classesOf(db, viewer.id);
	const labs = await labCounts(
		db,
		mine.map((each) => each.class.id),
	);
	return {
		classes: mine.map(({ class: { id, name }, role, members }) => ({
			...{ id, name, role, members },
			labs: labs.get(id) ?? 0,
		})),
	};
};
