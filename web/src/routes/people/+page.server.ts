// Who may create classes: the page of whoever runs this server.

import { error, fail } from '@sveltejs/kit';
import { recordAudit } from '@containrlab/db/queries/audit.ts';
import { accountsMatching, setInstructor } from '@containrlab/db/queries/instructors.ts';
import { isId, mayNameInstructors } from '#server/access.ts';
import { app } from '#server/app.ts';
import { requireUser } from '#server/kit.ts';
import { tidy } from '#server/names.ts';
import type { RequestEvent } from '@sveltejs/kit';
import type { Actions, PageServerLoad } from './$types';

const SHOWN = 100;

function requireAdmin(event: Pick<RequestEvent, 'locals' | 'url' | 'request'>) {
	const viewer = requireUser(event);
	if (!mayNameInstructors(viewer)) {
		error(403, 'This page is for whoever runs this server.', {
			advice: 'Go back to your classes.',
		});
	}
	return viewer;
}

export const load: PageServerLoad = async (event) => {
	requireAdmin(event);
	const words = tidy(event.url.searchParams.get('q') ?? '').slice(0, 80);
	const accounts = await accountsMatching(app().db, words, SHOWN + 1);
	return { words, accounts: accounts.slice(0, SHOWN), more: accounts.length > SHOWN };
};

export const actions: Actions = {
	instructor: async (event) => {
		const viewer = requireAdmin(event);
		const data = await event.request.formData();
		const userId = String(data.get('user') ?? '');
		const on = data.get('on') === 'true';
		const changed = await app().db.transaction(async (tx) => {
			const account = isId(userId) ? await setInstructor(tx, userId, on) : undefined;
			if (!account) return undefined;
			const action = on ? 'instructor.grant' : 'instructor.withdraw';
			await recordAudit(tx, { actorId: viewer.id, action, subject: userId });
			return account;
		});
		if (!changed) return fail(400, { error: 'There is no such account any more.' });
		return {
			said: `${changed.name} ${on ? 'may create classes now' : 'may no longer create classes'}.`,
		};
	},
};
