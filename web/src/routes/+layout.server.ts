// What every page knows: who is looking.

import type { LayoutServerLoad } from './$types';

export const load: LayoutServerLoad = ({ locals }) => ({
	me: locals.viewer && { id: locals.viewer.id, name: locals.viewer.name },
});
