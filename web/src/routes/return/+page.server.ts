// Coming back: a guest's return code opens the same work on any device.

import { fail, redirect } from '@sveltejs/kit';
import { normaliseCode } from '@containrlab/protocol/code.ts';
import { roleIn } from '@containrlab/db/queries/classes.ts';
import { app } from '#server/app.ts';
import { changeIdentity, visitOf } from '#server/identity.ts';
import { safeNext } from '#server/kit.ts';
import type { Actions, PageServerLoad } from './$types';

const WORDS = {
	unknown:
		'No one has this return code. Check each letter; your instructor can give you a new one.',
	busy: 'Too many codes are being tried. Wait a minute, then try yours again.',
} as const;

export const load: PageServerLoad = ({ locals, url }) => ({
	you: locals.viewer && { name: locals.viewer.name },
	/** The class whose page led here. */
	class: classCode(url),
});

export const actions: Actions = {
	default: async (event) => {
		const form = await event.request.formData();
		const typed = form.get('code');
		const code = typeof typed === 'string' ? typed.slice(0, 64) : '';
		const { auth } = app();
		const entered = await auth.enterByReturnCode(code, visitOf(event, form));
		if (!entered.ok) {
			const shared = form.get('shared') === 'on';
			const status = entered.reason === 'busy' ? 429 : 400;
			return fail(status, { code, shared, error: WORDS[entered.reason] });
		}
		await changeIdentity(event, entered.session);
		redirect(303, await placeOf(event.url, entered.session.userId));
	},
};

const classCode = (url: URL): string | null => {
	const code = normaliseCode(url.searchParams.get('class') ?? '').slice(0, 32);
	return code === '' ? null : code;
};

/** Into the class they came for, when they are in it; to its door when they aren't. */
async function placeOf(url: URL, userId: string): Promise<string> {
	const code = classCode(url);
	if (code === null) return safeNext(url.searchParams.get('next'));
	const { auth, db } = app();
	const door = await auth.classOfCode(code);
	if (!door || door === 'busy') return '/classes';
	const role = await roleIn(db, door.id, userId);
	return role === undefined ? `/join/${code}` : `/classes/${door.id}`;
}
