// Entering a class code by hand.

import { fail, redirect } from '@sveltejs/kit';
import { normaliseCode } from '@containrlab/protocol/code.ts';
import type { Actions } from './$types';

export const actions: Actions = {
	default: async ({ request }) => {
		const typed = (await request.formData()).get('code');
		const code = typeof typed === 'string' ? normaliseCode(typed).slice(0, 32) : '';
		if (code === '') return fail(400, { error: 'Enter the code that your instructor shows.' });
		redirect(303, `/join/${code}`);
	},
};
