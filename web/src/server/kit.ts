// From a page's request to a decision: who asks, may they, and what a refusal looks like in SvelteKit.

import { error, redirect, type RequestEvent } from '@sveltejs/kit';
import {
	accessToAttempt,
	accessToClass,
	accessToWorkspace,
	type AttemptAct,
	type ClassAct,
	type Granted,
	type Refusal,
	type WorkspaceAct,
} from './access.ts';
import { app } from './app.ts';
import type { Viewer } from './auth.ts';

type Asking = Pick<RequestEvent, 'locals' | 'url' | 'request'>;

/** Pages send the signed-out to the sign-in page and back; programs get a 401. */
export function requireUser({ locals, url, request }: Asking): Viewer {
	if (locals.viewer) return locals.viewer;
	const wantsPage = request.headers.get('accept')?.includes('text/html') ?? false;
	const isData = url.searchParams.has('x-sveltekit-invalidated');
	if (request.method !== 'GET' || !(wantsPage || isData || url.pathname.endsWith('__data.json'))) {
		error(401, 'You are signed out.', { advice: 'Sign in again; your work is saved.' });
	}
	redirect(303, `/signin?next=${encodeURIComponent(url.pathname)}`);
}

export async function requireClassRole(event: Asking, classId: string, act: ClassAct) {
	const viewer = requireUser(event);
	return { viewer, ...granted(await accessToClass(app().db, viewer, classId, act)) };
}

export async function requireWorkspace(event: Asking, workspaceId: string, act: WorkspaceAct) {
	const viewer = requireUser(event);
	return { viewer, ...granted(await accessToWorkspace(app().db, viewer, workspaceId, act)) };
}

export async function requireAttempt(event: Asking, attemptId: string, act: AttemptAct = 'see') {
	const viewer = requireUser(event);
	return { viewer, ...granted(await accessToAttempt(app().db, viewer, attemptId, act)) };
}

/** What isn't theirs and what isn't there look the same to those who may not know. */
function granted<T>(access: Granted<T>): Exclude<Granted<T>, Refusal> {
	if ('refusal' in access) {
		if (access.refusal === 'forbidden') {
			error(403, 'This is not yours to open.', { advice: 'Ask your instructor.' });
		}
		error(404, 'There is nothing here for you.', { advice: 'Go back to your classes.' });
	}
	return access as Exclude<Granted<T>, Refusal>;
}

/** Only a path on this site: an open redirect would lend our name to others. */
export function safeNext(next: string | null): string {
	if (!next || !/^\/[a-z0-9/_-]*$/i.test(next) || next.startsWith('//')) return '/classes';
	return next;
}
