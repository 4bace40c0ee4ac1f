// Joining a class: by name for a guest, by one press for someone who is signed in.

import { fail, redirect } from '@sveltejs/kit';
import { app } from '#server/app.ts';
import { changeIdentity } from '#server/kit.ts';
import { PersonName } from '#server/names.ts';
import type { Actions, PageServerLoad } from './$types';

const UNKNOWN = 'No open class has this code. Check it with your instructor.';

export const load: PageServerLoad = async ({ params, locals }) => {
	const found = await app().auth.classOfCode(params.code);
	return {
		code: params.code,
		class: found ? { name: found.name } : null,
		me: locals.viewer && { id: locals.viewer.id, name: locals.viewer.name },
	};
};

export const actions: Actions = {
	/** As someone new. Whoever was signed in here before is signed out: a shared computer. */
	guest: async (event) => {
		const typed = (await event.request.formData()).get('name');
		const name = PersonName.safeParse(typed);
		if (!name.success) {
			return fail(400, { name: String(typed ?? ''), error: name.error.issues[0]?.message });
		}
		const result = await app().auth.join(event.params.code, { name: name.data });
		if (!result.ok) return fail(404, { name: name.data, error: UNKNOWN });
		if (result.session) await changeIdentity(event, result.session);
		redirect(303, `/classes/${result.classId}`);
	},
	/** As the one who is signed in. */
	member: async ({ params, locals }) => {
		if (!locals.viewer) return fail(400, { name: '', error: 'You were signed out. Enter a name.' });
		const result = await app().auth.join(params.code, { viewer: locals.viewer });
		if (!result.ok) return fail(404, { name: '', error: UNKNOWN });
		redirect(303, `/classes/${result.classId}`);
	},
};
