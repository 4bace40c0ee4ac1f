// What instructors change about a class: each with its entry in the audit and its event, in one
// transaction. Whether they may has been decided before.

import { recordAudit } from '@containrlab/db/queries/audit.ts';
import {
	addMember,
	createClass,
	limitsOf,
	newJoinCode,
	setLabs,
	updateClass,
	type ClassSettings,
} from '@containrlab/db/queries/classes.ts';
import { addSession, endSession, lengthenSession } from '@containrlab/db/queries/class-sessions.ts';
import { emitEvent } from '@containrlab/db/queries/events.ts';
import type { Executor } from '@containrlab/db/queries/executor.ts';
import {
	letBackIn,
	lockMember,
	makeInstructor,
	removeFromClass,
	setRole,
} from '@containrlab/db/queries/membership.ts';
import { userByEmail, userById } from '@containrlab/db/queries/users.ts';
import { workspacesIn } from '@containrlab/db/queries/workspaces.ts';
import { workspaceRoom } from '@containrlab/protocol/id.ts';
import type { Role } from '@containrlab/protocol/ticket.ts';
import { app } from './app.ts';

/** Who changes which class. */
export type Acting = { actorId: string; classId: string };
type Entry = { action: string; subject?: string; detail?: Record<string, unknown> };

export type MemberRefusal = 'not-a-member' | 'last-instructor' | 'guest';
export type MemberChange = { ok: true } | { ok: false; reason: MemberRefusal };

export async function makeClass(
	actorId: string,
	settings: ClassSettings,
	labs: readonly string[],
): Promise<string> {
	return app().db.transaction(async (tx) => {
		const { id } = await createClass(tx, { ...settings, labs });
		await addMember(tx, { classId: id, userId: actorId, role: 'instructor' });
		const detail = { ...settings, labs };
		await recordAudit(tx, { actorId, action: 'class.create', classId: id, detail });
		return id;
	});
}

/** One change; everyone's pages of the class hear of it. */
async function change<T>(
	{ actorId, classId }: Acting,
	entry: Entry,
	work: (tx: Executor) => Promise<T>,
): Promise<T> {
	return app().db.transaction(async (tx) => {
		const result = await work(tx);
		await recordAudit(tx, { actorId, classId, ...entry });
		const type = entry.action.startsWith('member.') ? 'members' : 'class';
		await emitEvent(tx, { classId, workspaceId: null }, { type, class: classId });
		return result;
	});
}

export async function changeSettings(acting: Acting, settings: ClassSettings): Promise<void> {
	const entry = { action: 'class.settings', detail: settings };
	await change(acting, entry, (tx) => updateClass(tx, acting.classId, settings));
	await app().sandboxes.limitClass(acting.classId, limitsOf(settings));
}

export async function changeLabs(acting: Acting, labs: readonly string[]): Promise<void> {
	const entry = { action: 'class.labs', detail: { labs } };
	await change(acting, entry, (tx) => setLabs(tx, acting.classId, labs));
}

/** The code before admits nobody from now on. It isn't written down: whoever reads on may join. */
export async function rotateCode(acting: Acting): Promise<void> {
	const set = { joinCode: newJoinCode() };
	await change(acting, { action: 'class.code' }, (tx) => updateClass(tx, acting.classId, set));
}

export async function setOpen(acting: Acting, open: boolean): Promise<void> {
	const action = open ? 'class.open' : 'class.close';
	await change(acting, { action }, (tx) => updateClass(tx, acting.classId, { open }));
}

export async function setArchived(acting: Acting, archived: boolean): Promise<void> {
	const action = archived ? 'class.archive' : 'class.restore';
	const set = { archivedAt: archived ? new Date() : null };
	await change(acting, { action }, (tx) => updateClass(tx, acting.classId, set));
}

/** False when it overlaps another; runnerd hears of it at once, and of what is planned in time. */
export async function planSession(
	acting: Acting,
	span: { startsAt: Date; endsAt: Date },
): Promise<boolean> {
	const entry = { action: 'class.session', detail: span };
	return changeSession(acting, entry, (tx) => addSession(tx, acting.classId, span, new Date()));
}

export async function longerSession(acting: Acting, id: string, minutes: number): Promise<boolean> {
	const entry = { action: 'class.session-longer', detail: { minutes } };
	const key = { classId: acting.classId, id };
	return changeSession(acting, entry, (tx) => lengthenSession(tx, key, minutes, new Date()));
}

/** Also cancels one that was planned. */
export async function stopSession(acting: Acting, id: string): Promise<boolean> {
	const entry = { action: 'class.session-end' };
	const key = { classId: acting.classId, id };
	return changeSession(acting, entry, (tx) => endSession(tx, key, new Date()));
}

/** Nothing is recorded of what wasn't done. */
async function changeSession(
	acting: Acting,
	entry: Entry,
	work: (tx: Executor) => Promise<boolean>,
): Promise<boolean> {
	const notDone = new Error('not done');
	try {
		await change(acting, entry, async (tx) => {
			if (!(await work(tx))) throw notDone;
		});
	} catch (cause) {
		if (cause === notDone) return false;
		throw cause;
	}
	void app().inSession.tell();
	return true;
}

/** Ends `change`'s transaction, so that nothing is recorded of what was refused. */
class Refused extends Error {
	readonly reason: MemberRefusal;
	constructor(reason: MemberRefusal) {
		super(reason);
		this.reason = reason;
	}
}

async function refusable(work: () => Promise<void>): Promise<MemberChange> {
	try {
		await work();
		return { ok: true };
	} catch (cause) {
		if (cause instanceof Refused) return { ok: false, reason: cause.reason };
		throw cause;
	}
}

async function changeMember(
	acting: Acting,
	entry: Entry & { subject: string },
	work: (tx: Executor, member: { role: Role; lastInstructor: boolean }) => Promise<void>,
): Promise<MemberChange> {
	const key = { classId: acting.classId, userId: entry.subject };
	const result = await refusable(() =>
		change(acting, entry, async (tx) => {
			const member = await lockMember(tx, key);
			if (!member) throw new Refused('not-a-member');
			await work(tx, member);
		}),
	);
	// What they have open was let in as what they were.
	if (result.ok) await app().revoke({ kind: 'member', ...key });
	return result;
}

export async function changeRole(
	acting: Acting,
	userId: string,
	role: Role,
): Promise<MemberChange> {
	const entry = { action: 'member.role', subject: userId, detail: { role } };
	return changeMember(acting, entry, async (tx, member) => {
		if (member.lastInstructor && role !== 'instructor') throw new Refused('last-instructor');
		// Who has nothing but a code must not be handed a class.
		if (role === 'instructor' && !(await userById(tx, userId))?.email) throw new Refused('guest');
		await setRole(tx, { classId: acting.classId, userId }, role);
	});
}

/** Their work stays; what they have open ends within a second. */
export async function removeMember(acting: Acting, userId: string): Promise<MemberChange> {
	const { classId, actorId } = acting;
	const entry = { action: 'member.remove', subject: userId };
	const result = await changeMember(acting, entry, async (tx, member) => {
		if (member.lastInstructor) throw new Refused('last-instructor');
		await removeFromClass(tx, { classId, userId }, actorId);
	});
	if (!result.ok) return result;
	const { db, sync, log } = app();
	// Sockets that reached sync by another way than web's.
	for (const { id } of await workspacesIn(db, classId, userId)) {
		await sync
			.revoke(workspaceRoom(id), { userId, final: true })
			.catch((cause: unknown) => log('warn', 'sync could not be told', { cause }));
	}
	return result;
}

/** As a student, where they left off. */
export async function readmit(acting: Acting, userId: string): Promise<MemberChange> {
	const entry = { action: 'member.readmit', subject: userId };
	return refusable(() =>
		change(acting, entry, async (tx) => {
			const back = await letBackIn(tx, { classId: acting.classId, userId });
			if (!back) throw new Refused('not-a-member');
		}),
	);
}

/** Undefined when no account has this address. */
export async function addInstructor(
	acting: Acting,
	email: string,
): Promise<{ name: string } | undefined> {
	const user = await userByEmail(app().db, email);
	if (!user) return undefined;
	const key = { classId: acting.classId, userId: user.id };
	const entry = { action: 'member.role', subject: user.id, detail: { role: 'instructor' } };
	await change(acting, entry, (tx) => makeInstructor(tx, key));
	await app().revoke({ kind: 'member', ...key });
	return { name: user.name };
}
