// What every page knows: who is looking, and what time it is.

import type { LayoutServerLoad } from './$types';

export const load: LayoutServerLoad = ({ locals: { viewer } }) => ({
	me: viewer && { id: viewer.id, name: viewer.name, guest: viewer.email === null },
	now: Date.now(),
});
