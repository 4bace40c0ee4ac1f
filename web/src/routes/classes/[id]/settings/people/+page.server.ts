// Who is in a class and as what. TAs look, and help those who lost their code; instructors change it.

import { fail } from '@sveltejs/kit';
import { z } from 'zod';
import { membersOf } from '@containrlab/db/queries/classes.ts';
import { removedFrom } from '@containrlab/db/queries/membership.ts';
import { Id } from '@containrlab/protocol/id.ts';
import { Role } from '@containrlab/protocol/ticket.ts';
import { app } from '#server/app.ts';
import {
	addInstructor,
	changeRole,
	readmit,
	removeMember,
	type MemberChange,
} from '#server/class-acts.ts';
import { requireClassRole } from '#server/kit.ts';
import type { Actions, PageServerLoad, RequestEvent } from './$types';

const REFUSALS = {
	'not-a-member': 'They are not in this class any more.',
	'last-instructor':
		'A class keeps at least one instructor. Make someone else an instructor first.',
	guest: 'Only someone with an account can be an instructor; guests have a code alone.',
} as const;

const NO_CODE = {
	'not-a-member': 'They are not in this class any more.',
	'has-account': 'They have an account, and sign in with their e-mail and password.',
	'not-allowed': 'They are in other classes too, or are staff here: ask an instructor of those.',
} as const;

const ROLE_WORDS = { instructor: 'an instructor', ta: 'a TA', student: 'a student' } as const;

export const load: PageServerLoad = async (event) => {
	const { viewer, class: found } = await requireClassRole(event, event.params.id, 'teach');
	const { db } = app();
	const [members, removed] = await Promise.all([
		membersOf(db, found.id),
		removedFrom(db, found.id),
	]);
	const instructors = members.filter((member) => member.role === 'instructor').length;
	return {
		me: viewer.id,
		asksStudentNumber: found.asksStudentNumber,
		members: members.map(({ email, ...member }) => ({
			...member,
			guest: email === null,
			last: member.role === 'instructor' && instructors === 1,
		})),
		removed,
	};
};

async function acting(event: RequestEvent) {
	const { viewer, class: found } = await requireClassRole(event, event.params.id, 'administer');
	return { actorId: viewer.id, classId: found.id };
}

function userIn(data: FormData): string {
	return Id.safeParse(data.get('user')).data ?? '';
}

async function nameOf(classId: string, userId: string): Promise<string> {
	const members = await membersOf(app().db, classId);
	return members.find((each) => each.id === userId)?.name ?? '';
}

const answer = (result: MemberChange, said: string) =>
	result.ok ? { said } : fail(400, { error: REFUSALS[result.reason] });

const EMail = z.string().trim().max(254).email();

export const actions: Actions = {
	role: async (event) => {
		const by = await acting(event);
		const data = await event.request.formData();
		const role = Role.safeParse(data.get('role'));
		if (!role.success) return fail(400, { error: 'There is no such role.' });
		const userId = userIn(data);
		const result = await changeRole(by, userId, role.data);
		return answer(result, `${await nameOf(by.classId, userId)} is ${ROLE_WORDS[role.data]} now.`);
	},
	remove: async (event) => {
		const by = await acting(event);
		const result = await removeMember(by, userIn(await event.request.formData()));
		return answer(result, 'Removed. Their work is kept; you find them at the end of this page.');
	},
	readmit: async (event) => {
		const by = await acting(event);
		const result = await readmit(by, userIn(await event.request.formData()));
		return answer(result, 'They are in again, with their work.');
	},
	instructor: async (event) => {
		const by = await acting(event);
		const typed = String((await event.request.formData()).get('email') ?? '');
		const email = EMail.safeParse(typed);
		const added = email.success ? await addInstructor(by, email.data) : undefined;
		if (!added) {
			return fail(400, { email: typed, emailError: 'No account has this e-mail address.' });
		}
		return { said: `${added.name} is an instructor of this class now.` };
	},
	/** For a guest who lost theirs: shown once, and the one before ends with all it opened. */
	code: async (event) => {
		const { viewer, class: found } = await requireClassRole(event, event.params.id, 'teach');
		const userId = userIn(await event.request.formData());
		const result = await app().auth.reissueReturnCode({ actor: viewer, classId: found.id, userId });
		if (!result.ok) return fail(400, { error: NO_CODE[result.reason] });
		return { issued: { name: await nameOf(found.id, userId), code: result.code } };
	},
};
