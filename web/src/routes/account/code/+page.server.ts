// A guest's new return code, shown until they go on.

import { redirect } from '@sveltejs/kit';
import { forgetReturnCode, returnCodeToShow } from '#server/identity.ts';
import { requireUser, safeNext } from '#server/kit.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = (event) => {
	const viewer = requireUser(event);
	return { name: viewer.name, code: returnCodeToShow(event, viewer) ?? null };
};

export const actions: Actions = {
	default: (event) => {
		forgetReturnCode(event);
		redirect(303, safeNext(event.url.searchParams.get('next')));
	},
};
