// Which labs a class meets, and in which order.

import { labsOf } from '@containrlab/db/queries/classes.ts';
import { app } from '#server/app.ts';
import { changeLabs } from '#server/class-acts.ts';
import { labChoices, readLabs, slugsOf } from '#server/class-form.ts';
import { requireClassRole } from '#server/kit.ts';
import type { Actions, PageServerLoad } from './$types';

const choicesOf = async (classId: string) =>
	labChoices(app().labs, await labsOf(app().db, classId));

export const load: PageServerLoad = async (event) => {
	const { class: found } = await requireClassRole(event, event.params.id, 'administer');
	return { labs: await choicesOf(found.id) };
};

export const actions: Actions = {
	save: async (event) => {
		const { viewer, class: found } = await requireClassRole(event, event.params.id, 'administer');
		const labs = readLabs(await event.request.formData(), await choicesOf(found.id));
		await changeLabs({ actorId: viewer.id, classId: found.id }, slugsOf(labs));
		return { labs, saved: true };
	},
	/** A lab up or down, without scripts; nothing is kept yet. */
	arrange: async (event) => {
		const { class: found } = await requireClassRole(event, event.params.id, 'administer');
		const labs = readLabs(await event.request.formData(), await choicesOf(found.id));
		return { labs, saved: false };
	},
};
