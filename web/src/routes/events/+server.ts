// The event stream of one browser: `id` is the row's, and it resumes after the last one that it saw.

import { app } from '#server/app.ts';
import { requireUser } from '#server/kit.ts';
import { eventStream } from '#server/sse.ts';
import type { RequestHandler } from './$types';

/** More than a person's browsers open; each shares one stream between its tabs. */
const STREAMS_PER_PERSON = 64;

export const GET: RequestHandler = (event) => {
	const viewer = requireUser(event);
	const { db, auth, hub, open, log } = app();
	if (open.countOf(viewer.id) >= STREAMS_PER_PERSON) return new Response(null, { status: 429 });
	// What EventSource remembers is newer than what its address said when it was made.
	const asked =
		event.request.headers.get('last-event-id') ?? event.url.searchParams.get('after') ?? '';
	const after = /^\d{1,15}$/.test(asked) ? Number(asked) : undefined;
	return new Response(eventStream({ db, auth, hub, open, log }, viewer, after), {
		headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
	});
};
