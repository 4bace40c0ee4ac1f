// What a browser holds of who someone is: the cookies of a session, of a device that is known, and of
// a return code on its way to the page that shows it.

import { redirect, type Cookies, type RequestEvent } from '@sveltejs/kit';
import { app } from './app.ts';
import { SESSION_COOKIE, type NewSession, type Viewer, type Visit } from './auth.ts';
import { cookieName } from './cookie.ts';
import { DEVICE_COOKIE, DEVICE_DAYS, type Device } from './device-cookie.ts';

/** Between the form that makes a return code and the page that shows it; for that page alone. */
const CODE_COOKIE = 'containrlab_code';
const CODE_PATH = '/account/code';
const CODE_SECONDS = 600;

type Asking = Pick<RequestEvent, 'request' | 'getClientAddress'>;
type Coming = Pick<RequestEvent, 'cookies' | 'url' | 'locals' | 'request'>;

/** Secure wherever the page is https; plain http is a class on a LAN or a laptop. */
const cookieAt = (url: URL, path: string) =>
	({ path, httpOnly: true, sameSite: 'lax', secure: url.protocol === 'https:' }) as const;

export const nameAt = (url: URL, name: string, path = '/'): string =>
	cookieName(name, url.protocol === 'https:', path);

/** On a shared computer it ends with the browser. */
export function setSessionCookie(cookies: Cookies, url: URL, session: NewSession): void {
	const expires = session.shared ? {} : { expires: session.expiresAt };
	cookies.set(nameAt(url, SESSION_COOKIE), session.id, { ...cookieAt(url, '/'), ...expires });
}

export function clearSessionCookie(cookies: Cookies, url: URL): void {
	cookies.delete(nameAt(url, SESSION_COOKIE), cookieAt(url, '/'));
}

/** From where a form comes that lets someone in; its box `shared` says what kind of computer it is. */
export function visitOf(event: Asking, form: FormData): Visit {
	const agent = event.request.headers.get('user-agent') ?? '';
	const address = event.getClientAddress();
	return { agent: agent.slice(0, 300), shared: form.get('shared') === 'on', address };
}

/** A new identity takes the place of the one before, whose session and sockets end. */
export async function changeIdentity(event: Coming, session: NewSession): Promise<void> {
	await endSession(event);
	setSessionCookie(event.cookies, event.url, session);
}

export async function endSession(event: Pick<Coming, 'cookies' | 'url' | 'locals'>): Promise<void> {
	const { viewer } = event.locals;
	if (viewer) await app().auth.sessions.end(viewer.sessionId);
	event.locals.viewer = null;
	clearSessionCookie(event.cookies, event.url);
	event.cookies.delete(nameAt(event.url, CODE_COOKIE, CODE_PATH), cookieAt(event.url, CODE_PATH));
}

/** What this browser proves about who signed in on it before. */
export const deviceOf = ({ cookies, url }: Pick<Coming, 'cookies' | 'url'>): Device | undefined =>
	app().auth.devices.read(cookies.get(nameAt(url, DEVICE_COOKIE)));

/** Never on a shared computer: the next one there is someone else. */
export function rememberDevice(event: Coming, session: NewSession): void {
	if (session.shared) return;
	const cookie = app().auth.devices.remember(deviceOf(event), session.userId);
	const maxAge = DEVICE_DAYS * 86_400;
	event.cookies.set(nameAt(event.url, DEVICE_COOKIE), cookie, {
		...cookieAt(event.url, '/'),
		maxAge,
	});
}

/** To the page that shows a new return code, and from there to `next`. */
export function showReturnCode(
	event: Pick<Coming, 'cookies' | 'url'>,
	shown: { userId: string; code: string; next: string },
): never {
	event.cookies.set(nameAt(event.url, CODE_COOKIE, CODE_PATH), `${shown.userId}.${shown.code}`, {
		...cookieAt(event.url, CODE_PATH),
		maxAge: CODE_SECONDS,
	});
	redirect(303, `${CODE_PATH}?next=${encodeURIComponent(shown.next)}`);
}

/** The code that waits to be shown to this person; nobody else's who sat here before. */
export function returnCodeToShow({ cookies, url }: Coming, viewer: Viewer): string | undefined {
	const [userId, code] = cookies.get(nameAt(url, CODE_COOKIE, CODE_PATH))?.split('.') ?? [];
	return userId === viewer.id ? code : undefined;
}

export function forgetReturnCode({ cookies, url }: Coming): void {
	cookies.delete(nameAt(url, CODE_COOKIE, CODE_PATH), cookieAt(url, CODE_PATH));
}
