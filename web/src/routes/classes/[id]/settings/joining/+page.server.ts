// How people get into a class: its code, and whether it is open.

import { rotateCode, setOpen } from '#server/class-acts.ts';
import { requireClassRole } from '#server/kit.ts';
import { wayIn } from '#server/way-in.ts';
import type { Actions, PageServerLoad, RequestEvent } from './$types';

export const load: PageServerLoad = async (event) => {
	const { class: found } = await requireClassRole(event, event.params.id, 'teach');
	return {
		join: {
			code: found.joinCode,
			link: `${wayIn(event.url).origin}/join/${found.joinCode}`,
			open: found.open,
		},
	};
};

async function acting(event: RequestEvent) {
	const { viewer, class: found } = await requireClassRole(event, event.params.id, 'administer');
	return { actorId: viewer.id, classId: found.id };
}

export const actions: Actions = {
	rotate: async (event) => {
		await rotateCode(await acting(event));
		return { said: 'The code is new. The one before admits nobody any more.' };
	},
	close: async (event) => {
		await setOpen(await acting(event), false);
		return { said: 'The class is closed: nobody new gets in.' };
	},
	open: async (event) => {
		await setOpen(await acting(event), true);
		return { said: 'The class is open again.' };
	},
};
