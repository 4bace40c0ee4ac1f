// Judging all attempts of a lab again, and what came of it each time, for a class's staff.

import { labsOf } from '@containrlab/db/queries/classes.ts';
import { rejudgingsOf } from '@containrlab/db/queries/rejudgings.ts';
import { fail, redirect } from '@sveltejs/kit';
import { app } from '#server/app.ts';
import { requireClassRole } from '#server/kit.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
	const { class: found } = await requireClassRole(event, event.params.id, 'teach');
	const { db, labs } = app();
	const [slugs, reports] = await Promise.all([labsOf(db, found.id), rejudgingsOf(db, found.id)]);
	return {
		class: { id: found.id, name: found.name },
		labs: slugs.map((slug) => ({ slug, title: labs.title(slug) })),
		reports: reports.map(({ id, labSlug, askedAt, by, asked, open }) => {
			return { id, lab: labs.title(labSlug), askedAt, by, asked, open };
		}),
	};
};

export const actions: Actions = {
	default: async (event) => {
		const classId = event.params.id;
		const { viewer } = await requireClassRole(event, classId, 'teach');
		const lab = String((await event.request.formData()).get('lab') ?? '');
		const { db, judgingAgain } = app();
		if (!(await labsOf(db, classId)).includes(lab)) {
			return fail(400, { problem: 'Choose a lab of this class.' });
		}
		const report = await judgingAgain.lab(classId, lab, viewer.id);
		redirect(303, `/classes/${classId}/attempts/again/${report}`);
	},
};
