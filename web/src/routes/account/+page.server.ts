// One's own account: name, return code or password, and where one is signed in.

import { fail, redirect } from '@sveltejs/kit';
import { z } from 'zod';
import { Pace } from '#server/api/pace.ts';
import { app } from '#server/app.ts';
import {
	deviceOf,
	endSession,
	rememberDevice,
	setSessionCookie,
	showReturnCode,
} from '#server/identity.ts';
import { requireUser, safeNext } from '#server/kit.ts';
import { Login, Password } from '#server/login.ts';
import { PersonName } from '#server/names.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
	const viewer = requireUser(event);
	const { auth } = app();
	const [sessions, codeIssued] = await Promise.all([
		auth.sessions.list(viewer),
		viewer.email === null ? auth.returnCodeIssued(viewer) : undefined,
	]);
	return {
		you: { name: viewer.name, email: viewer.email },
		/** They made it an account just now. */
		kept: event.url.searchParams.has('kept') && viewer.email !== null,
		sessions,
		codeIssued: codeIssued ?? null,
	};
};

const NOT_MADE = {
	taken: 'An account with this e-mail exists already. Use another address.',
	busy: 'Many accounts are being made just now. Try again in a minute.',
} as const;

/** Everyone in all their classes is told of each. */
const renames = new Pace({ burst: 10, perSecond: 0.1 });

const text = (form: FormData, key: string): string => {
	const value = form.get(key);
	return typeof value === 'string' ? value : '';
};

export const actions: Actions = {
	name: async (event) => {
		const viewer = requireUser(event);
		const form = await event.request.formData();
		const name = PersonName.safeParse(form.get('name'));
		const shown = { form: 'name', name: text(form, 'name').slice(0, 200) } as const;
		if (!name.success) return fail(400, { ...shown, error: name.error.issues[0]?.message });
		const seconds = renames.take(viewer.id);
		if (seconds > 0) {
			const error = `Your name changed very often just now. Try again in ${seconds} s.`;
			return fail(429, { ...shown, error });
		}
		if ((await app().auth.rename(viewer, name.data)) === 'name-taken') {
			const error = 'Someone in your class has this name. Add a family name or an initial.';
			return fail(409, { ...shown, error });
		}
		return { form: 'name', done: 'Your name is changed.' } as const;
	},
	/** A guest's new return code. */
	code: async (event) => {
		const viewer = requireUser(event);
		const next = safeNext(text(await event.request.formData(), 'next') || '/account');
		const code = await app().auth.renewReturnCode(viewer);
		if (code === undefined) redirect(303, '/account');
		showReturnCode(event, { userId: viewer.id, code, next });
	},
	/** A guest becomes an account, and stays who they are. */
	keep: async (event) => {
		const viewer = requireUser(event);
		const form = await event.request.formData();
		const login = Login.safeParse(Object.fromEntries(form));
		const shown = { form: 'keep', email: text(form, 'email').slice(0, 300) } as const;
		if (!login.success) {
			return fail(400, { ...shown, errors: z.flattenError(login.error).fieldErrors });
		}
		const agent = (event.request.headers.get('user-agent') ?? '').slice(0, 300);
		const visit = { agent, shared: viewer.shared, address: event.getClientAddress() };
		const made = await app().auth.becomeAccount(viewer, login.data, visit);
		if (!made.ok) {
			if (made.reason === 'has-account') redirect(303, '/account');
			return fail(made.reason === 'taken' ? 409 : 429, {
				...shown,
				errors: { email: [NOT_MADE[made.reason]] },
			});
		}
		setSessionCookie(event.cookies, event.url, made.session);
		rememberDevice(event, made.session);
		redirect(303, '/account?kept');
	},
	password: async (event) => {
		const viewer = requireUser(event);
		const form = await event.request.formData();
		const password = Password.safeParse(form.get('password'));
		if (!password.success) {
			const errors = { password: password.error.issues.map((issue) => issue.message) };
			return fail(400, { form: 'password', errors } as const);
		}
		const changed = await app().auth.changePassword(viewer, {
			...{ current: text(form, 'current').slice(0, 1024), password: password.data },
			device: deviceOf(event),
		});
		if (!changed.ok) {
			const wrong = changed.reason === 'wrong';
			const current = [wrong ? 'This is not your password.' : 'Too many tries. Wait a minute.'];
			return fail(wrong ? 400 : 429, { form: 'password', errors: { current } } as const);
		}
		return { form: 'password', done: 'Your password is changed; other devices are signed out.' };
	},
	/** Signs out one session, this one or another. */
	end: async (event) => {
		const viewer = requireUser(event);
		const handle = text(await event.request.formData(), 'session');
		await app().auth.sessions.endByHandle(viewer, handle);
		return { form: 'sessions', done: 'Signed out there.' } as const;
	},
	endAll: async (event) => {
		const viewer = requireUser(event);
		await app().auth.sessions.endAll(viewer.id);
		await endSession(event);
		redirect(303, viewer.shared ? '/goodbye' : '/');
	},
};
