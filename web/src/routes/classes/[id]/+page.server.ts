// A class: for students their labs, for staff who is here and at what.

import { fail } from '@sveltejs/kit';
import { lastAttempts } from '@containrlab/db/queries/attempts.ts';
import { sessionsOf } from '@containrlab/db/queries/class-sessions.ts';
import { labsOf, membersOf, type Class } from '@containrlab/db/queries/classes.ts';
import { lastEventId } from '@containrlab/db/queries/events.ts';
import { handsIn, lowerHand } from '@containrlab/db/queries/hands.ts';
import { attemptsOfPerson } from '@containrlab/db/queries/progress.ts';
import { workspacesIn, type ListedWorkspace } from '@containrlab/db/queries/workspaces.ts';
import type { LiveData } from '#lib/classes/live-list.svelte.ts';
import { isStaff, mayInClass } from '#server/access.ts';
import { app } from '#server/app.ts';
import { longerSession, planSession, stopSession } from '#server/class-acts.ts';
import { requireClassRole, requireWorkspace } from '#server/kit.ts';
import { LENGTH_CHOICES, LONGER_MINUTES, readPlan, readStart } from '#server/session-form.ts';
import type { Actions, PageServerLoad, RequestEvent } from './$types';

export const load: PageServerLoad = async (event) => {
	const { viewer, class: found, role } = await requireClassRole(event, event.params.id, 'see');
	const { db } = app();
	// Read first: what happens while the rest is read comes again by the event stream.
	const last = await lastEventId(db);
	const [slugs, mine, sessions] = await Promise.all([
		labsOf(db, found.id),
		workspacesIn(db, found.id, viewer.id),
		sessionsOf(db, found.id, new Date()),
	]);
	return {
		class: { id: found.id, name: found.name, archived: found.archivedAt !== null },
		me: { id: viewer.id, name: viewer.name },
		labs: await labList(found.id, viewer.id, slugs, mine),
		sessions,
		/** How long one may be, for who may begin one. */
		sessionLengths: mayInClass(role, 'administer') && !found.archivedAt ? LENGTH_CHOICES : null,
		staff: isStaff(role) ? await staffView(found) : null,
		lastEventId: last,
	};
};

/** The class's labs in its order, each with how far this person is. */
async function labList(
	classId: string,
	userId: string,
	slugs: readonly string[],
	mine: readonly ListedWorkspace[],
) {
	const { db, labs: catalog } = app();
	const attempts = await attemptsOfPerson(db, classId, userId);
	return slugs.map((slug) => {
		const lab = catalog.get(slug);
		const work = mine.find((each) => each.labSlug === slug);
		const made = attempts.filter((attempt) => attempt.workspaceId === work?.id);
		const lastOne = made.at(-1);
		return {
			slug,
			title: catalog.title(slug),
			summary: lab?.front.summary ?? 'This lab is not on this server.',
			minutes: lab?.front.minutes ?? null,
			work: work
				? {
						...{ id: work.id, activeAt: work.activeAt, attempts: made.length },
						passed: made.some((attempt) => attempt.status === 'passed'),
						last: lastOne ? { id: lastOne.id, status: lastOne.status } : null,
					}
				: null,
		};
	});
}

async function staffView(found: Class) {
	const { db, presence, labs: catalog } = app();
	const [members, work, attempts, hands] = await Promise.all([
		membersOf(db, found.id),
		workspacesIn(db, found.id),
		lastAttempts(db, found.id),
		handsIn(db, found.id),
	]);
	const live: LiveData = {
		students: members
			.filter((member) => member.role === 'student')
			.map(({ id, name, studentNumber }) => ({ id, name, studentNumber })),
		work: work.map((each) => ({ ...each, attempt: attempts.get(each.id) ?? null })),
		hands: [...hands],
		presence: presence.inClass(found.id),
	};
	// Also of labs that were taken out of the class: work in them stays.
	const titles = work.map(({ labSlug }) => [labSlug, catalog.title(labSlug)] as const);
	return {
		live,
		titles: Object.fromEntries(titles),
		join: { code: found.joinCode, open: found.open && found.archivedAt === null },
	};
}

async function acting(event: RequestEvent) {
	const { viewer, class: found } = await requireClassRole(event, event.params.id, 'administer');
	return { actorId: viewer.id, classId: found.id };
}

const OVERLAPS = 'That would run into another session of this class.';
const OVER = 'That session is over already, or the next one begins too soon.';

/** Begins or plans one. */
async function plan(event: RequestEvent, read: typeof readPlan) {
	const by = await acting(event);
	const planned = read(await event.request.formData(), Date.now());
	if (!planned.ok) return fail(400, { planError: planned.error, at: planned.at });
	if (!(await planSession(by, planned))) return fail(409, { planError: OVERLAPS, at: '' });
	return { planned: true };
}

export const actions: Actions = {
	start: (event) => plan(event, readStart),
	plan: (event) => plan(event, readPlan),
	longer: async (event) => {
		const by = await acting(event);
		const id = String((await event.request.formData()).get('session') ?? '');
		if (!(await longerSession(by, id, LONGER_MINUTES))) return fail(409, { error: OVER });
		return {};
	},
	end: async (event) => {
		const by = await acting(event);
		const id = String((await event.request.formData()).get('session') ?? '');
		if (!(await stopSession(by, id))) return fail(409, { error: 'That session is over already.' });
		return {};
	},
	/** From the live list: someone of the staff has answered, or saw that it needs no answer. */
	answered: async (event) => {
		await requireClassRole(event, event.params.id, 'teach');
		const id = String((await event.request.formData()).get('workspace') ?? '');
		const { viewer, workspace } = await requireWorkspace(event, id, 'lower-hand');
		if (!(await lowerHand(app().db, workspace, viewer))) {
			return fail(409, { error: 'That hand is down already.' });
		}
		return { answered: workspace.id };
	},
};
