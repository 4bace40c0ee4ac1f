// What all settings of a class show: which class, and what the viewer may change.

import { mayInClass } from '#server/access.ts';
import { requireClassRole } from '#server/kit.ts';
import type { LayoutServerLoad } from './$types';

export const load: LayoutServerLoad = async (event) => {
	const { class: found, role } = await requireClassRole(event, event.params.id, 'teach');
	return {
		class: { id: found.id, name: found.name, archivedAt: found.archivedAt },
		mayAdminister: mayInClass(role, 'administer'),
	};
};
