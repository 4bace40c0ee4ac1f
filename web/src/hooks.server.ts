// Each request: whose it is; and each failure: logged, never shown.

import { error } from '@sveltejs/kit';
import type { Handle, HandleServerError } from '@sveltejs/kit/hooks';
import { guarded } from '#server/api/endpoint.ts';
import { app } from '#server/app.ts';
import { SESSION_COOKIE } from '#server/auth.ts';
import { bodyRefusal } from '#server/body-limit.ts';
import { isTemporary } from '#server/failure.ts';
import { refuseMisshapenForms } from '#server/forms.ts';
import { clearSessionCookie, nameAt, setSessionCookie } from '#server/identity.ts';
import { soon } from '#server/soon.ts';

export const handle: Handle = async (input) =>
	// Programs get every failure in the one shape that they know.
	/^\/api(\/|$)/.test(input.event.url.pathname)
		? guarded(input.event, async () => answer(input))
		: answer(input);

const answer: Handle = async ({ event, resolve }) => {
	event.locals.viewer = null;
	const refusal = bodyRefusal(event.request, event.route.id);
	if (refusal) {
		error(refusal, 'That is too much at once.', { advice: 'Send less, or a smaller file.' });
	}
	refuseMisshapenForms(event.request);
	const sessionId = event.cookies.get(nameAt(event.url, SESSION_COOKIE));
	if (sessionId !== undefined) {
		const session = await soon(app().auth.viewer(sessionId));
		if (session) {
			event.locals.viewer = session.viewer;
			if (session.renewed) setSessionCookie(event.cookies, event.url, session.renewed);
		} else {
			clearSessionCookie(event.cookies, event.url);
		}
	}
	const response = await resolve(event);
	const policy = response.headers.get('content-security-policy');
	// On all of them: a workspace opens within the page that is there, and keeps its policy.
	if (policy !== null) {
		const sources = app().previews.frameSources(event.url.origin);
		response.headers.set('content-security-policy', `${policy}; frame-src ${sources}`);
	}
	// Pages and data hold one person's things: no cache between us may keep them.
	if (!response.headers.has('cache-control')) {
		response.headers.set('cache-control', 'private, no-store');
	}
	return response;
};

export const handleError: HandleServerError = ({ kind, error, event }) => {
	// What pages refuse on purpose brings its own words; what SvelteKit refuses, safe ones.
	if (kind !== 'unknown') return {};
	app().log('error', 'a request failed', {
		method: event.request.method,
		route: event.route.id,
		cause: error,
	});
	if (isTemporary(error)) {
		return {
			status: 503,
			message: 'A part of the classroom is restarting.',
			advice: 'Everything shown as Saved is safe. Try again in a few seconds.',
		};
	}
	return {
		message: 'Something broke on our side.',
		advice: 'Your work is saved. Try again; if it stays broken, tell your instructor.',
	};
};
