// Submitting the workspace: answers at once, the verdict comes by events.

import { error, json } from '@sveltejs/kit';
import { app } from '#server/app.ts';
import { requireWorkspace } from '#server/kit.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = async (event) => {
	const { viewer, workspace } = await requireWorkspace(event, event.params.workspace, 'submit');
	const result = await app().submissions.submit(workspace, viewer.id);
	if (result.ok) {
		const { attempt, number, created } = result;
		return json({ attempt, number, created }, { status: 202 });
	}
	if (result.reason === 'no-lab') {
		error(409, 'This lab is no longer taught here.', { advice: 'Tell your instructor.' });
	}
	if (result.reason === 'too-often') {
		error(429, 'That is more than can be judged.', {
			advice: `Your work is safe. Submit again in ${result.wait} seconds.`,
		});
	}
	error(503, 'Your files could not be read just now.', {
		advice: 'Nothing was submitted and nothing is lost. Try again in a few seconds.',
	});
};
