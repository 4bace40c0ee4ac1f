// One workspace's attempts, newest first, a page at a time.

import { attemptPage } from '@containrlab/db/queries/attempt-list.ts';
import { lastEventId } from '@containrlab/db/queries/events.ts';
import { app } from '#server/app.ts';
import { askedTable, orderOf, placeText } from '#server/attempt-table.ts';
import { requireWorkspace } from '#server/kit.ts';
import type { PageServerLoad } from './$types';

const ROWS = 50;

export const load: PageServerLoad = async (event) => {
	const { viewer, workspace, isOwner } = await requireWorkspace(
		event,
		event.params.workspace,
		'see',
	);
	const { db, labs } = app();
	// Read first: what happens while the rest is read comes again by the event stream.
	const lastEvent = await lastEventId(db);
	const order = orderOf({ ...askedTable(event.url.searchParams), sort: 'when', dir: undefined });
	const filter = { classId: workspace.class.id, workspaceId: workspace.id };
	const page = await attemptPage(db, filter, order, ROWS);
	return {
		isOwner,
		me: { id: viewer.id, name: viewer.name },
		workspace: { id: workspace.id, owner: workspace.owner },
		class: { id: workspace.class.id, name: workspace.class.name },
		labTitle: labs.title(workspace.labSlug),
		attempts: page.rows,
		older: page.next && `?after=${placeText(page.next)}`,
		isFirst: page.previous === undefined,
		lastEvent,
	};
};
