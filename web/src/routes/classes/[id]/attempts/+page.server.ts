// A class's attempts, for its staff: filtered and sorted by the address, a page at a time.

import {
	attemptPage,
	countAttempts,
	failureCodes,
	NUMBER_SORTS,
	TEXT_SORTS,
	type AttemptPlace,
} from '@containrlab/db/queries/attempt-list.ts';
import { membersOf } from '@containrlab/db/queries/classes.ts';
import { lastEventId } from '@containrlab/db/queries/events.ts';
import { labsOf } from '@containrlab/db/queries/classes.ts';
import { app } from '#server/app.ts';
import {
	askedTable,
	filterOf,
	orderOf,
	placeText,
	sortHref,
	tableHref,
} from '#server/attempt-table.ts';
import { requireClassRole } from '#server/kit.ts';
import type { Actions, PageServerLoad } from './$types';

const ROWS = 50;

export const load: PageServerLoad = async (event) => {
	const { class: found, viewer } = await requireClassRole(event, event.params.id, 'teach');
	const { db, labs } = app();
	const asked = askedTable(event.url.searchParams);
	const filter = filterOf(found.id, asked);
	const order = orderOf(asked);
	// Read first: what happens while the rest is read comes again by the event stream.
	const lastEvent = await lastEventId(db);
	const [page, counts, members, slugs, codes] = await Promise.all([
		attemptPage(db, filter, order, ROWS),
		countAttempts(db, filter),
		membersOf(db, found.id),
		labsOf(db, found.id),
		failureCodes(db, found.id),
	]);
	const path = `/classes/${found.id}/attempts`;
	const pageHref = (side: 'after' | 'before', place: AttemptPlace | undefined) =>
		place && path + tableHref(asked, { [side]: placeText(place) });
	return {
		me: { id: viewer.id, name: viewer.name },
		class: { id: found.id, name: found.name },
		members: members.map(({ id, name }) => ({ id, name })),
		labs: slugs.map((slug) => ({ slug, title: labs.title(slug) })),
		codes,
		asked,
		sorting: {
			by: order.sort,
			descending: order.descending,
			hrefs: Object.fromEntries(
				[...TEXT_SORTS, ...NUMBER_SORTS].map((sort) => [sort, path + sortHref(asked, sort)]),
			) as Record<typeof order.sort, string>,
		},
		counts,
		attempts: page.rows.map((row) => ({ ...row, labTitle: labs.title(row.labSlug) })),
		pages: {
			first: path + tableHref(asked),
			previous: pageHref('before', page.previous),
			next: pageHref('after', page.next),
		},
		lastEvent,
	};
};

export const actions: Actions = {
	/** Judges again what ended with trouble of ours, in one lab or in all. */
	errors: async (event) => {
		const classId = event.params.id;
		const { viewer } = await requireClassRole(event, classId, 'teach');
		const form = await event.request.formData();
		const { lab } = askedTable(new URLSearchParams({ lab: String(form.get('lab') ?? '') }));
		return { again: await app().judgingAgain.errors(classId, lab, viewer.id) };
	},
};
