// A class's name and limits, and its end.

import { membersOf } from '@containrlab/db/queries/classes.ts';
import { fail } from '@sveltejs/kit';
import { app } from '#server/app.ts';
import { changeSettings, setArchived } from '#server/class-acts.ts';
import { IDLE_CHOICES, readClassForm } from '#server/class-form.ts';
import { requireClassRole } from '#server/kit.ts';
import type { Actions, PageServerLoad, RequestEvent } from './$types';

export const load: PageServerLoad = async (event) => {
	const { class: found } = await requireClassRole(event, event.params.id, 'administer');
	const { name, asksStudentNumber, retentionDays, idleMinutes } = found;
	const { sandboxMemory, sandboxCpus, sandboxPids, sandboxDisk } = found;
	const members = await membersOf(app().db, found.id);
	return {
		settings: {
			...{ name, asksStudentNumber, retentionDays, idleMinutes },
			...{ sandboxMemory, sandboxCpus, sandboxPids, sandboxDisk },
		},
		idleChoices: IDLE_CHOICES,
		// An empty one is looked at as what it will be.
		students: members.filter(({ role }) => role === 'student').length || 40,
	};
};

async function acting(event: RequestEvent) {
	const { viewer, class: found } = await requireClassRole(event, event.params.id, 'administer');
	return { actorId: viewer.id, classId: found.id };
}

export const actions: Actions = {
	save: async (event) => {
		const by = await acting(event);
		const form = readClassForm(await event.request.formData());
		if (!form.ok) return fail(400, { kept: form.kept, errors: form.errors });
		await changeSettings(by, form.settings);
		return { said: 'Saved.' };
	},
	archive: async (event) => {
		await setArchived(await acting(event), true);
		return { said: 'Archived. You find the class at the end of your classes.' };
	},
	restore: async (event) => {
		await setArchived(await acting(event), false);
		return { said: 'The class is back.' };
	},
};
