// Cancelling an attempt from the workspace: by whoever submitted it, or by staff.

import { error } from '@sveltejs/kit';
import { app } from '#server/app.ts';
import { NOT_CANCELLED } from '#server/cancelling.ts';
import { requireAttempt } from '#server/kit.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = async (event) => {
	const { attempt, workspace, viewer, isStaff } = await requireAttempt(
		event,
		event.params.id,
		'withdraw',
	);
	const by = { id: viewer.id, name: viewer.name, isStaff };
	const cancelled = await app().cancelling.cancel(attempt, workspace.classId, by);
	if (cancelled.ok) return new Response(null, { status: 204 });
	const { status, message } = NOT_CANCELLED[cancelled.reason];
	error(status, message);
};
