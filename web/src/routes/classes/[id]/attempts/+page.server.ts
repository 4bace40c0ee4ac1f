// A class's attempts, for its staff: newest first, by student and by verdict.

import { attemptsInClass, type AttemptStatus } from '@containrlab/db/queries/attempts.ts';
import { membersOf } from '@containrlab/db/queries/classes.ts';
import { app } from '#server/app.ts';
import { requireClassRole } from '#server/kit.ts';
import type { PageServerLoad } from './$types';

const SHOWN = 200;
const STATUSES: AttemptStatus[] = ['queued', 'running', 'passed', 'failed', 'error'];

export const load: PageServerLoad = async (event) => {
	const { class: found } = await requireClassRole(event, event.params.id, 'teach');
	const { db, labs } = app();
	const members = await membersOf(db, found.id);
	const status = STATUSES.find((each) => each === event.url.searchParams.get('status'));
	const student = members.find((each) => each.id === event.url.searchParams.get('student'));
	const filter = { ...(student && { studentId: student.id }), ...(status && { status }) };
	const attempts = await attemptsInClass(db, found.id, filter, SHOWN + 1);
	return {
		class: { id: found.id, name: found.name },
		members: members.map(({ id, name }) => ({ id, name })),
		filter: { student: student?.id ?? '', status: status ?? '' },
		attempts: attempts
			.slice(0, SHOWN)
			.map((attempt) => ({ ...attempt, labTitle: labs.title(attempt.labSlug) })),
		more: attempts.length > SHOWN,
	};
};
