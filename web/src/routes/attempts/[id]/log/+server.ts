// The whole log of a run: a file to take away, or what a page shows of it.

import { logOf } from '@containrlab/db/queries/attempts.ts';
import { json } from '@sveltejs/kit';
import { app } from '#server/app.ts';
import { logParts, logText } from '#server/attempt-log.ts';
import { attachment } from '#server/files/attachment.ts';
import { requireAttempt } from '#server/kit.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async (event) => {
	const { attempt, workspace } = await requireAttempt(event, event.params.id);
	const { searchParams } = event.url;
	const asked = searchParams.get('run') ?? '';
	const run = /^\d{1,6}$/.test(asked) ? Number(asked) : attempt.try;
	const pieces = await logOf(app().db, { id: attempt.id, try: run });
	if (!searchParams.has('download')) return json(logParts(pieces));
	const name = `${workspace.owner.name} ${workspace.labSlug} attempt ${attempt.number}.log`;
	const bytes = new TextEncoder().encode(logText(pieces));
	return attachment(name, bytes, 'text/plain; charset=utf-8');
};
