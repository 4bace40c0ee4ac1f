// One lab, as those see it who are taught it.

import { labsTaughtTo } from '@containrlab/db/queries/taught.ts';
import { endpoint, otherwise } from '#server/api/endpoint.ts';
import { getLab } from '#server/api/operations.ts';
import { ApiRefusal } from '#server/api/refusals.ts';
import { classesOf, labView } from '#server/api/views.ts';
import { app } from '#server/app.ts';

export const GET = endpoint(getLab, async ({ viewer, params: { slug = '' } }, answer) => {
	const { db, labs } = app();
	const lab = labs.get(slug);
	const taught = lab ? await labsTaughtTo(db, viewer.id, slug) : [];
	if (!lab || taught.length === 0) throw new ApiRefusal('no-such-lab');
	return answer(200, labView(lab, labs, classesOf(taught)));
});
export const fallback = otherwise(getLab);
