// What an attempt differs in, from the starter or from the attempt before it.

import { attemptById, neighboursOf } from '@containrlab/db/queries/attempts.ts';
import { blobBytes } from '@containrlab/db/queries/blobs.ts';
import { labVersion } from '@containrlab/db/queries/workspaces.ts';
import { json } from '@sveltejs/kit';
import { app } from '#server/app.ts';
import {
	changesBetween,
	entriesOfAttempt,
	entriesOfStarter,
	newBudget,
} from '#server/attempt-changes.ts';
import { requireAttempt } from '#server/kit.ts';
import type { RequestHandler } from './$types';

export const GET: RequestHandler = async (event) => {
	const { attempt, workspace } = await requireAttempt(event, event.params.id);
	const { db } = app();
	const budget = newBudget();
	const bytesOf = (sha: string) => blobBytes(db, sha);
	const { previous } = await neighboursOf(db, attempt);
	const earlier =
		event.url.searchParams.get('since') === 'previous' && previous
			? await attemptById(db, previous.id)
			: undefined;
	// What they began with, which may be an older version than the one that judged.
	const starter = earlier ? [] : ((await labVersion(db, workspace.labDigest))?.starter ?? []);
	const before = earlier
		? entriesOfAttempt(earlier.files, bytesOf, budget)
		: entriesOfStarter(starter, budget);
	return json(await changesBetween(before, entriesOfAttempt(attempt.files, bytesOf, budget)));
};
