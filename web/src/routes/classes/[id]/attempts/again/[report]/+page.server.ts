// What changed when a lab's attempts were judged again.

import { lastEventId } from '@containrlab/db/queries/events.ts';
import { differencesOf, rejudgingById } from '@containrlab/db/queries/rejudgings.ts';
import { error } from '@sveltejs/kit';
import { isId } from '#server/access.ts';
import { app } from '#server/app.ts';
import { requireClassRole } from '#server/kit.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
	const { class: found, viewer } = await requireClassRole(event, event.params.id, 'teach');
	const { db, labs } = app();
	// Read first: what happens while the rest is read comes again by the event stream.
	const lastEvent = await lastEventId(db);
	const { report } = event.params;
	const rejudging = isId(report) ? await rejudgingById(db, report) : undefined;
	if (rejudging?.classId !== found.id) {
		error(404, 'There is no such report.', { advice: 'Go back to the attempts.' });
	}
	const { labSlug, askedAt, by, asked, open, unjudgeable, left } = rejudging;
	return {
		me: viewer.id,
		class: { id: found.id, name: found.name },
		report: { lab: labs.title(labSlug), askedAt, by, asked, open, unjudgeable, left },
		differences: await differencesOf(db, report),
		lastEvent,
	};
};
