// Making an account.

import { fail, redirect } from '@sveltejs/kit';
import { z } from 'zod';
import { app } from '#server/app.ts';
import { changeIdentity, safeNext } from '#server/kit.ts';
import { PersonName } from '#server/names.ts';
import type { Actions, PageServerLoad } from './$types';

const Form = z.object({
	name: PersonName,
	email: z.email('Enter an e-mail address, like ada@example.org.').max(254),
	password: z
		.string()
		.min(10, 'Use at least 10 characters; a few words are easy to remember.')
		.max(1024, 'Use at most 1024 characters.'),
});

export const load: PageServerLoad = ({ locals }) => {
	if (locals.viewer) redirect(303, '/classes');
};

export const actions: Actions = {
	default: async (event) => {
		const data = Object.fromEntries(await event.request.formData());
		const form = Form.safeParse(data);
		const kept = { name: String(data['name'] ?? ''), email: String(data['email'] ?? '') };
		if (!form.success) {
			return fail(400, { ...kept, errors: z.flattenError(form.error).fieldErrors });
		}
		const result = await app().auth.signUp(form.data);
		if (!result.ok) {
			const email = ['An account with this e-mail exists. Sign in instead.'];
			return fail(400, { ...kept, errors: { email } });
		}
		await changeIdentity(event, result.session);
		redirect(303, safeNext(event.url.searchParams.get('next')));
	},
};
