// Making a class of one's own.

import { error, fail, redirect } from '@sveltejs/kit';
import { mayCreateClasses } from '#server/access.ts';
import { app } from '#server/app.ts';
import { makeClass } from '#server/class-acts.ts';
import {
	IDLE_CHOICES,
	keptOf,
	labChoices,
	readClassForm,
	readLabs,
	slugsOf,
} from '#server/class-form.ts';
import { requireUser } from '#server/kit.ts';
import type { RequestEvent } from '@sveltejs/kit';
import type { Actions, PageServerLoad } from './$types';

function requireTeacher(event: Pick<RequestEvent, 'locals' | 'url' | 'request'>) {
	const viewer = requireUser(event);
	if (!mayCreateClasses(viewer)) {
		error(403, 'Only instructors make classes.', {
			advice: 'Whoever runs this server can make you one.',
		});
	}
	return viewer;
}

/** All of the catalog, ticked: a class without labs has nothing to do. */
const choices = () => {
	const { labs } = app();
	return labChoices(
		labs,
		labs.all().map((lab) => lab.slug),
	);
};

export const load: PageServerLoad = (event) => {
	requireTeacher(event);
	return { labs: choices(), idleChoices: IDLE_CHOICES };
};

export const actions: Actions = {
	create: async (event) => {
		const viewer = requireTeacher(event);
		const data = await event.request.formData();
		const labs = readLabs(data, choices());
		const form = readClassForm(data);
		if (!form.ok) return fail(400, { labs, kept: form.kept, errors: form.errors });
		redirect(303, `/classes/${await makeClass(viewer.id, form.settings, slugsOf(labs))}`);
	},
	/** A lab up or down, without scripts; nothing is kept yet. */
	arrange: async (event) => {
		requireTeacher(event);
		const data = await event.request.formData();
		return { labs: readLabs(data, choices()), kept: keptOf(data), errors: undefined };
	},
};
