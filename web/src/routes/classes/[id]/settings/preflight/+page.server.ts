// The evening before: whether a class's labs work without the internet, and how many students fit.

import { fail } from '@sveltejs/kit';
import { labsOf, limitsOf, membersOf, type Class } from '@containrlab/db/queries/classes.ts';
import type { PreflightRequest } from '@containrlab/protocol/preflight.ts';
import { app } from '#server/app.ts';
import { requireClassRole } from '#server/kit.ts';
import { wayIn } from '#server/way-in.ts';
import type { Actions, PageServerLoad } from './$types';

/** Of a class that nobody has joined yet. */
const USUAL_CLASS = 40;

export const load: PageServerLoad = async (event) => {
	event.depends('app:preflight');
	const { class: found } = await requireClassRole(event, event.params.id, 'administer');
	const { db, preflights, labs, reached } = app();
	const [slugs, students, last] = await Promise.all([
		labsOf(db, found.id),
		studentsOf(found.id),
		preflights.last(found.id),
	]);
	const { origin, reachable } = wayIn(event.url);
	return {
		labs: slugs.map((slug) => ({ slug, title: labs.title(slug) })),
		students: Math.max(students, USUAL_CLASS),
		/** `null`: runnerd can't be asked just now; undefined: there was none. */
		last,
		address: reachable ? `${origin}/reach` : null,
		devices: reached.list(),
	};
};

const studentsOf = async (classId: string): Promise<number> =>
	(await membersOf(app().db, classId)).filter(({ role }) => role === 'student').length;

async function requestFor(found: Class, students: number): Promise<PreflightRequest> {
	const { db, labs } = app();
	const slugs = await labsOf(db, found.id);
	return {
		labs: slugs.map((slug) => ({ slug, digest: labs.get(slug)?.digest ?? '' })),
		limits: limitsOf(found),
		students,
	};
}

export const actions: Actions = {
	begin: async (event) => {
		const { class: found } = await requireClassRole(event, event.params.id, 'administer');
		const typed = Number((await event.request.formData()).get('students'));
		if (!Number.isInteger(typed) || typed < 1 || typed > 1000) {
			return fail(400, { error: 'Say how many students will come, from 1 to 1000.' });
		}
		const came = await app().preflights.begin(found.id, await requestFor(found, typed));
		if (came === 'away') {
			return fail(503, { error: 'The sandboxes can’t be reached just now. Try again soon.' });
		}
		if (came === 'busy') {
			return fail(409, {
				error: 'Another class’s preflight is under way. Try again when it is over.',
			});
		}
		return { error: undefined };
	},
};
