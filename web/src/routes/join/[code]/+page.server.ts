// Joining a class: by name for a guest, by one press for someone who is signed in.

import { error, fail, redirect } from '@sveltejs/kit';
import { normaliseCode } from '@containrlab/protocol/code.ts';
import { roleIn } from '@containrlab/db/queries/classes.ts';
import { app } from '#server/app.ts';
import type { Join } from '#server/auth.ts';
import { changeIdentity, showReturnCode, visitOf } from '#server/identity.ts';
import { PersonName, StudentNumber } from '#server/names.ts';
import type { Actions, PageServerLoad } from './$types';

const STATUS: Record<JoinRefusal, number> = {
	'no-class': 404,
	closed: 403,
	removed: 403,
	full: 403,
	'name-taken': 409,
	'number-missing': 400,
	busy: 429,
	'many-joining': 429,
};
type JoinRefusal = Extract<Join, { ok: false }>['reason'];

export const load: PageServerLoad = async ({ params, locals: { viewer } }) => {
	const { db, auth } = app();
	const door = await auth.classOfCode(params.code);
	if (door === 'busy') {
		error(429, 'Too many codes are being tried.', {
			advice: 'Wait a minute, then try yours again.',
		});
	}
	const role = door && viewer ? await roleIn(db, door.id, viewer.id) : undefined;
	return {
		code: normaliseCode(params.code),
		class: door ?? null,
		you: viewer && {
			name: viewer.name,
			guest: viewer.email === null,
			isMember: role !== undefined,
		},
	};
};

export const actions: Actions = {
	/** As someone new. Whoever was signed in here before is signed out: a shared computer. */
	guest: async (event) => {
		const form = await event.request.formData();
		const typed = readForm(form);
		if (!typed.ok) return typed.refusal;
		const { name, studentNumber, shown } = typed;
		const request = { code: event.params.code, who: { name }, studentNumber };
		const joined = await app().auth.join(request, visitOf(event, form));
		if (!joined.ok) return fail(STATUS[joined.reason], { ...shown, reason: joined.reason });
		const next = `/classes/${joined.classId}`;
		if (!joined.guest) redirect(303, next);
		const { session, returnCode } = joined.guest;
		await changeIdentity(event, session);
		showReturnCode(event, { userId: session.userId, code: returnCode, next });
	},
	/** As the one who is signed in, whose name may have to become another. */
	member: async (event) => {
		const { viewer } = event.locals;
		if (!viewer) return fail(400, { error: 'You were signed out. Enter your name.' });
		const form = await event.request.formData();
		if (!form.has('name')) form.set('name', viewer.name);
		const typed = readForm(form);
		if (!typed.ok) return typed.refusal;
		const { name, studentNumber, shown } = typed;
		const who = { userId: viewer.id, name };
		const request = { code: event.params.code, who, studentNumber };
		const joined = await app().auth.join(request, visitOf(event, form));
		if (!joined.ok) return fail(STATUS[joined.reason], { ...shown, reason: joined.reason });
		redirect(303, `/classes/${joined.classId}`);
	},
};

/** What was typed, or the form once more with what is wrong with it. */
function readForm(form: FormData) {
	const given = (key: string): string => {
		const value = form.get(key);
		return typeof value === 'string' ? value.slice(0, 200) : '';
	};
	const shown = {
		...{ name: given('name'), number: given('number'), shared: form.get('shared') === 'on' },
	};
	const name = PersonName.safeParse(form.get('name'));
	const number = form.has('number') ? StudentNumber.safeParse(form.get('number')) : undefined;
	if (!name.success || number?.success === false) {
		const refusal = fail(400, {
			...shown,
			error: name.error?.issues[0]?.message,
			numberError: number?.error?.issues[0]?.message,
		});
		return { ok: false, refusal } as const;
	}
	return { ok: true, name: name.data, studentNumber: number?.data, shown } as const;
}
