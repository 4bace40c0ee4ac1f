// What a class needs on the wall to get in: an address that their devices reach, and the code.

import { membersOf } from '@containrlab/db/queries/classes.ts';
import { lastEventId } from '@containrlab/db/queries/events.ts';
import { app } from '#server/app.ts';
import { requireClassRole } from '#server/kit.ts';
import { qrPath } from '#server/qr.ts';
import { wayIn } from '#server/way-in.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
	const { viewer, class: found } = await requireClassRole(event, event.params.id, 'teach');
	const { db, presence } = app();
	// Read first: what happens while the rest is read comes again by the event stream.
	const last = await lastEventId(db);
	const members = await membersOf(db, found.id);
	const students = members.filter((member) => member.role === 'student');
	const way = wayIn(event.url);
	return {
		class: { id: found.id, name: found.name },
		me: { id: viewer.id, name: viewer.name },
		/** Closed or archived: the code admits nobody. */
		open: found.open && found.archivedAt === null,
		code: found.joinCode,
		way,
		qr: qrPath(`${way.origin}/j/${found.joinCode}`),
		joined: students.length,
		here: presence.inClass(found.id),
		lastEventId: last,
	};
};
