// The labs that someone's classes are taught.

import { labsTaughtTo } from '@containrlab/db/queries/taught.ts';
import { endpoint, otherwise } from '#server/api/endpoint.ts';
import { listLabs } from '#server/api/operations.ts';
import { classesOf, labSummary } from '#server/api/views.ts';
import { app } from '#server/app.ts';

export const GET = endpoint(listLabs, async ({ viewer }, answer) => {
	const { db, labs } = app();
	const taught = Map.groupBy(await labsTaughtTo(db, viewer.id), (each) => each.slug);
	const list = [...taught].flatMap(([slug, classes]) => {
		// One that left the catalog can't be started.
		const lab = labs.get(slug);
		return lab ? [labSummary(lab, classesOf(classes))] : [];
	});
	return answer(200, { labs: list });
});
export const fallback = otherwise(listLabs);
