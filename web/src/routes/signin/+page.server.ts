// Signing in with e-mail address and password.

import { fail, redirect } from '@sveltejs/kit';
import { z } from 'zod';
import { app } from '#server/app.ts';
import { changeIdentity, safeNext } from '#server/kit.ts';
import type { Actions, PageServerLoad } from './$types';

const Form = z.object({
	email: z
		.string()
		.trim()
		.min(3)
		.max(254)
		.regex(/^\P{Cc}*$/u),
	password: z.string().max(1024),
});

export const load: PageServerLoad = ({ locals, url }) => {
	if (locals.viewer) redirect(303, safeNext(url.searchParams.get('next')));
};

export const actions: Actions = {
	default: async (event) => {
		const data = Object.fromEntries(await event.request.formData());
		const email = typeof data['email'] === 'string' ? data['email'] : '';
		const form = Form.safeParse(data);
		const result = form.success
			? await app().auth.signIn(form.data.email, form.data.password)
			: { ok: false as const };
		if (!result.ok) return fail(400, { email, error: 'No account has this e-mail and password.' });
		await changeIdentity(event, result.session);
		redirect(303, safeNext(event.url.searchParams.get('next')));
	},
};
