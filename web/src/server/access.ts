// Who may do what: the one place where roles become permissions.

import type { Database } from '@containrlab/db/connect.ts';
import { attemptById, type AttemptRow } from '@containrlab/db/queries/attempts.ts';
import { classById, roleIn, type Class } from '@containrlab/db/queries/classes.ts';
import { workspaceAndRole, type WorkspaceContext } from '@containrlab/db/queries/workspaces.ts';
import { Id } from '@containrlab/protocol/id.ts';
import type { Role } from '@containrlab/protocol/ticket.ts';
import type { Viewer } from './auth.ts';

/** What someone wants with a thing. Owner and staff see and edit; acts belong to the owner. */
export type WorkspaceAct =
	| 'see'
	| 'edit'
	| 'restart'
	| 'reset'
	| 'lower-hand'
	| 'drive'
	| 'submit'
	| 'raise-hand'
	| 'be-here'
	| 'withdraw'
	| 'judge-again'
	| 'override';
/** `teach`: see everyone's work, and help; `administer`: change the class and who is in it. */
export type ClassAct = 'see' | 'teach' | 'administer';

/** `hidden`: to this person there is no such thing; `forbidden`: it is there, but not for them. */
export type Refusal = { ok: false; refusal: 'hidden' | 'forbidden' };
export type Granted<T> = ({ ok: true } & T) | Refusal;

const HIDDEN: Refusal = { ok: false, refusal: 'hidden' };
const FORBIDDEN: Refusal = { ok: false, refusal: 'forbidden' };

/** What an address names may be anything, also what Postgres can't even compare with. */
export const isId = (text: string): boolean => Id.safeParse(text).success;

export const isStaff = (role: Role): boolean => role === 'instructor' || role === 'ta';

export function mayInClass(role: Role, act: ClassAct): boolean {
	if (act === 'administer') return role === 'instructor';
	return act === 'see' || isStaff(role);
}

/** Signing up makes nobody a teacher: an admin's word does. */
export const mayCreateClasses = (viewer: Pick<Viewer, 'admin' | 'instructor'>): boolean =>
	viewer.admin || viewer.instructor;

export const mayNameInstructors = (viewer: Pick<Viewer, 'admin'>): boolean => viewer.admin;

/**
 * Who holds a return code is that person, in all their classes: only who may see all they do there
 * may make a new one. `roles`: theirs in each of their classes, and the asker's.
 */
export function mayReissueReturnCode(
	viewer: Pick<Viewer, 'admin'>,
	roles: readonly { role: Role; other: Role | null }[],
): boolean {
	if (viewer.admin) return true;
	return roles.every(
		({ role, other }) =>
			(role === 'student' && other === 'ta') || (role !== 'instructor' && other === 'instructor'),
	);
}

/** To help is to see and edit, and to begin anew what has gone astray. */
const OWNER_AND_STAFF: ReadonlySet<WorkspaceAct> = new Set([
	...(['see', 'edit', 'restart', 'reset', 'lower-hand', 'withdraw'] as const),
]);

export function mayInWorkspace(role: Role, isOwner: boolean, act: WorkspaceAct): boolean {
	if (OWNER_AND_STAFF.has(act)) return isOwner || isStaff(role);
	if (act === 'judge-again' || act === 'override') return isStaff(role);
	// Staff watch a terminal and read attempts; typing, submitting and asking are the owner's.
	return isOwner;
}

export async function accessToClass(
	db: Database,
	viewer: Viewer,
	classId: string,
	act: ClassAct,
): Promise<Granted<{ class: Class; role: Role }>> {
	if (!isId(classId)) return HIDDEN;
	const [found, role] = await Promise.all([classById(db, classId), roleIn(db, classId, viewer.id)]);
	if (!found || role === undefined) return HIDDEN;
	return mayInClass(role, act) ? { ok: true, class: found, role } : FORBIDDEN;
}

export type WorkspaceGrant = {
	workspace: WorkspaceContext;
	role: Role;
	isOwner: boolean;
	isStaff: boolean;
};

export async function accessToWorkspace(
	db: Database,
	viewer: Viewer,
	workspaceId: string,
	act: WorkspaceAct,
): Promise<Granted<WorkspaceGrant>> {
	const found = isId(workspaceId) ? await workspaceAndRole(db, workspaceId, viewer.id) : undefined;
	// An owner who was removed from the class has lost the workspace too.
	if (found?.role === undefined) return HIDDEN;
	const { workspace, role } = found;
	const isOwner = workspace.ownerId === viewer.id;
	if (!mayInWorkspace(role, isOwner, 'see')) return HIDDEN;
	if (!mayInWorkspace(role, isOwner, act)) return FORBIDDEN;
	return { ok: true, workspace, role, isOwner, isStaff: isStaff(role) };
}

export type AttemptAct = Extract<WorkspaceAct, 'see' | 'withdraw' | 'judge-again' | 'override'>;

export async function accessToAttempt(
	db: Database,
	viewer: Viewer,
	attemptId: string,
	act: AttemptAct = 'see',
): Promise<Granted<WorkspaceGrant & { attempt: AttemptRow }>> {
	const attempt = isId(attemptId) ? await attemptById(db, attemptId) : undefined;
	if (!attempt) return HIDDEN;
	const workspace = await accessToWorkspace(db, viewer, attempt.workspaceId, act);
	return workspace.ok ? { ...workspace, attempt } : workspace;
}
