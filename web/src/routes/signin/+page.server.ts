// Signing in with e-mail address and password.

import { fail, redirect } from '@sveltejs/kit';
import { z } from 'zod';
import { app } from '#server/app.ts';
import { changeIdentity, deviceOf, rememberDevice, visitOf } from '#server/identity.ts';
import { safeNext } from '#server/kit.ts';
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

const WORDS = {
	wrong: 'No account has this e-mail and password.',
	busy: 'Someone is trying many passwords just now. Wait a minute, then try again.',
} as const;

export const load: PageServerLoad = ({ locals, url }) => {
	const { viewer } = locals;
	// A guest may have an account as well, from home.
	if (viewer?.email) redirect(303, safeNext(url.searchParams.get('next')));
	return { guest: viewer?.name ?? null };
};

export const actions: Actions = {
	default: async (event) => {
		const data = await event.request.formData();
		const form = Form.safeParse(Object.fromEntries(data));
		const result = form.success
			? await app().auth.signIn({ ...form.data, device: deviceOf(event) }, visitOf(event, data))
			: ({ ok: false, reason: 'wrong' } as const);
		if (!result.ok) {
			const email = data.get('email');
			return fail(result.reason === 'busy' ? 429 : 400, {
				...{ email: typeof email === 'string' ? email : '', shared: data.get('shared') === 'on' },
				error: WORDS[result.reason],
			});
		}
		await changeIdentity(event, result.session);
		rememberDevice(event, result.session);
		redirect(303, safeNext(event.url.searchParams.get('next')));
	},
};
