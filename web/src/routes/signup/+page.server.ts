// Making an account.

import { fail, redirect } from '@sveltejs/kit';
import { z } from 'zod';
import { app } from '#server/app.ts';
import { changeIdentity, rememberDevice, visitOf } from '#server/identity.ts';
import { safeNext } from '#server/kit.ts';
import { PersonName } from '#server/names.ts';
import { Login } from '#server/login.ts';
import type { Actions, PageServerLoad } from './$types';

const Form = Login.extend({ name: PersonName });

const NOT_MADE = {
	taken: 'An account with this e-mail exists. Sign in instead.',
	busy: 'Many accounts are being made just now. Try again in a minute.',
} as const;

export const load: PageServerLoad = ({ locals }) => {
	const { viewer } = locals;
	// A guest's account is made of what they have already.
	if (viewer) redirect(303, viewer.email === null ? '/account' : '/classes');
};

export const actions: Actions = {
	default: async (event) => {
		const data = await event.request.formData();
		const form = Form.safeParse(Object.fromEntries(data));
		const kept = { name: String(data.get('name') ?? ''), email: String(data.get('email') ?? '') };
		if (!form.success) {
			return fail(400, { ...kept, errors: z.flattenError(form.error).fieldErrors });
		}
		const result = await app().auth.signUp(form.data, visitOf(event, data));
		if (!result.ok) {
			const errors = { email: [NOT_MADE[result.reason]] };
			return fail(result.reason === 'taken' ? 400 : 429, { ...kept, errors });
		}
		await changeIdentity(event, result.session);
		rememberDevice(event, result.session);
		redirect(303, safeNext(event.url.searchParams.get('next')));
	},
};
