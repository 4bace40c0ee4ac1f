// A class: for students their labs, for staff everyone's work.

import { fail } from '@sveltejs/kit';
import { recordAudit } from '@containrlab/db/queries/audit.ts';
import { lastAttempts } from '@containrlab/db/queries/attempts.ts';
import { labsOf, membersOf, removeMember, roleIn } from '@containrlab/db/queries/classes.ts';
import { emitEvent } from '@containrlab/db/queries/events.ts';
import { workspacesIn } from '@containrlab/db/queries/workspaces.ts';
import { isId, isStaff } from '#server/access.ts';
import { app } from '#server/app.ts';
import { requireClassRole } from '#server/kit.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
	const { viewer, class: found, role } = await requireClassRole(event, event.params.id, 'see');
	const { db, labs: catalog } = app();
	const [slugs, work, last] = await Promise.all([
		labsOf(db, found.id),
		workspacesIn(db, found.id, isStaff(role) ? undefined : viewer.id),
		lastAttempts(db, found.id),
	]);
	const workspaces = work.map((each) => ({ ...each, attempt: last.get(each.id) ?? null }));
	const labs = slugs.map((slug) => {
		const lab = catalog.get(slug);
		const mine = workspaces.find((each) => each.labSlug === slug && each.ownerId === viewer.id);
		return {
			slug,
			title: catalog.title(slug),
			summary: lab?.front.summary ?? 'This lab is not on this server.',
			minutes: lab?.front.minutes ?? null,
			mine: mine ?? null,
		};
	});
	const base = { class: { id: found.id, name: found.name }, role, labs };
	if (!isStaff(role)) return { ...base, staff: null };
	const members = await membersOf(db, found.id);
	const link = new URL(`/join/${found.joinCode}`, event.url).href;
	return {
		...base,
		staff: {
			join: { code: found.joinCode, link, open: found.open },
			members: members.map((member) => ({
				...member,
				workspaces: workspaces.filter((each) => each.ownerId === member.id),
			})),
		},
	};
};

export const actions: Actions = {
	/** Their work stays; what they have open ends within a second. */
	remove: async (event) => {
		const classId = event.params.id;
		const { viewer } = await requireClassRole(event, classId, 'teach');
		const userId = String((await event.request.formData()).get('user') ?? '');
		const { db, sync, revoke, log } = app();
		if (!isId(userId) || (await roleIn(db, classId, userId)) !== 'student') {
			return fail(400, { error: 'Only students can be removed here.' });
		}
		await db.transaction(async (tx) => {
			await removeMember(tx, classId, userId);
			const subject = userId;
			await recordAudit(tx, { actorId: viewer.id, action: 'member.remove', classId, subject });
			const event = { type: 'members', class: classId } as const;
			await emitEvent(tx, { classId, workspaceId: null }, event);
		});
		await revoke({ kind: 'member', userId, classId });
		// Sockets that reached sync by another way than this process.
		for (const { id } of await workspacesIn(db, classId, userId)) {
			await sync
				.revoke(`workspace:${id}`, { userId, final: true })
				.catch((cause: unknown) => log('warn', 'sync could not be told', { cause }));
		}
		return { removed: userId };
	},
};
