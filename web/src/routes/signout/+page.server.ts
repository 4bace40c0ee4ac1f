// Leaving: the session ends, and with it every socket and stream that it opened. Guests are asked
// once, since without their return code nobody gets their work back.

import { redirect } from '@sveltejs/kit';
import { endSession } from '#server/identity.ts';
import { safeNext } from '#server/kit.ts';
import type { Actions, PageServerLoad } from './$types';

/** Where `next` leads when it names nothing of ours: to the way in, not to classes one has left. */
const placeAfter = (next: unknown): string => {
	const place = safeNext(typeof next === 'string' ? next : null);
	return place === '/classes' ? '/' : place;
};

export const load: PageServerLoad = ({ locals: { viewer }, url }) => {
	const next = placeAfter(url.searchParams.get('next'));
	if (!viewer) redirect(303, next);
	return { you: { name: viewer.name, guest: viewer.email === null }, next };
};

export const actions: Actions = {
	default: async (event) => {
		const next = placeAfter((await event.request.formData()).get('next'));
		const shared = event.locals.viewer?.shared === true;
		await endSession(event);
		redirect(303, shared ? `/goodbye?next=${encodeURIComponent(next)}` : next);
	},
};
