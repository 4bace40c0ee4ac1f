// The settings begin with what the viewer may change most of.

import { redirect } from '@sveltejs/kit';
import { mayInClass } from '#server/access.ts';
import { requireClassRole } from '#server/kit.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
	const { role } = await requireClassRole(event, event.params.id, 'teach');
	const first = mayInClass(role, 'administer') ? 'labs' : 'people';
	redirect(303, `/classes/${event.params.id}/settings/${first}`);
};
