// A file of an attempt as it was submitted, or a directory, or everything as a zip.

import { error } from '@sveltejs/kit';
import { downloadAttempt } from '#server/files/download.ts';
import { requireAttempt } from '#server/kit.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async (event) => {
	const { workspace, attempt } = await requireAttempt(event, event.params.id);
	const path = event.url.searchParams.get('path') ?? '';
	const response = await downloadAttempt(workspace, attempt, path);
	if (!response) {
		error(404, 'There is no such file in this attempt.', { advice: 'Go back to the attempt.' });
	}
	return response;
};
