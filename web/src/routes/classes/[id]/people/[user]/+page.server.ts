// One member of a class, for its staff: their labs, their attempts, when they last worked.

import { attemptPage } from '@containrlab/db/queries/attempt-list.ts';
import { membersOf } from '@containrlab/db/queries/classes.ts';
import { error } from '@sveltejs/kit';
import { app } from '#server/app.ts';
import { requireClassRole } from '#server/kit.ts';
import { progressOf } from '#server/progress.ts';
import type { PageServerLoad } from './$types';

const SHOWN = 50;

export const load: PageServerLoad = async (event) => {
	const { class: found } = await requireClassRole(event, event.params.id, 'teach');
	const { db, labs } = app();
	const member = (await membersOf(db, found.id)).find((each) => each.id === event.params.user);
	if (!member) {
		error(404, 'Nobody here by that address.', { advice: 'They may have left the class.' });
	}
	const filter = { classId: found.id, studentId: member.id };
	const [progress, page] = await Promise.all([
		progressOf({ db, labs }, found.id, member.id),
		attemptPage(db, filter, { sort: 'when', descending: true }, SHOWN),
	]);
	return {
		class: { id: found.id, name: found.name },
		member,
		progress,
		attempts: page.rows.map((row) => ({ ...row, labTitle: labs.title(row.labSlug) })),
		more: page.next !== undefined,
	};
};
