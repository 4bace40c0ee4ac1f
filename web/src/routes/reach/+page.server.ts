// Whether a device gets through to this server; anyone may try, and the teacher sees who has.

import { app } from '#server/app.ts';
import { wayIn } from '#server/way-in.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = ({ url }) => ({ origin: wayIn(url).origin });

export const actions: Actions = {
	default: async (event) => {
		const sockets = (await event.request.formData()).get('sockets') === 'yes';
		return { other: app().reached.note(event.getClientAddress(), sockets) };
	},
};
