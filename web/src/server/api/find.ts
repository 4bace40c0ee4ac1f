// From what an address names to the thing itself, for those who may have it; else a refusal.

import { labsTaughtTo } from '@containrlab/db/queries/taught.ts';
import {
	workspaceById,
	workspaceOf,
	type WorkspaceContext,
} from '@containrlab/db/queries/workspaces.ts';
import type { Lab } from '@containrlab/protocol/lab.ts';
import {
	accessToAttempt,
	accessToClass,
	accessToWorkspace,
	type Granted,
	type WorkspaceAct,
} from '../access.ts';
import { app } from '../app.ts';
import type { Viewer } from '../auth.ts';
import { ApiRefusal, type RefusalCode } from './refusals.ts';

type Params = Partial<Record<string, string>>;

/** The lab, and the one class of theirs that is meant. */
export async function labInClass(
	viewer: Viewer,
	{ slug = '' }: Params,
	classId: string | undefined,
): Promise<{ lab: Lab; classId: string }> {
	const { db, labs } = app();
	const lab = labs.get(slug);
	const taught = lab ? await labsTaughtTo(db, viewer.id, slug) : [];
	if (!lab || taught.length === 0) throw new ApiRefusal('no-such-lab');
	const meant = taught.filter((each) => classId === undefined || each.class.id === classId);
	const [only, another] = meant;
	if (!only) throw new ApiRefusal('no-such-class');
	if (another) {
		const choices = meant.map(({ class: { id, name } }) => ({ id, name }));
		throw new ApiRefusal('class-ambiguous', { choices });
	}
	granted(await accessToClass(db, viewer, only.class.id, 'see'), 'no-such-class');
	return { lab, classId: only.class.id };
}

/** Their own session of a lab; undefined before they started it. */
export async function ownSession(
	viewer: Viewer,
	params: Params,
	classId: string | undefined,
): Promise<WorkspaceContext | undefined> {
	const found = await labInClass(viewer, params, classId);
	const { db } = app();
	const id = await workspaceOf(db, found.classId, found.lab.slug, viewer.id);
	return id === undefined ? undefined : workspaceById(db, id);
}

export async function session(
	viewer: Viewer,
	{ id = '' }: Params,
	act: WorkspaceAct,
): Promise<WorkspaceContext> {
	const access = await accessToWorkspace(app().db, viewer, id, act);
	return granted(access, 'no-such-session').workspace;
}

export async function attempt(viewer: Viewer, { id = '' }: Params) {
	return granted(await accessToAttempt(app().db, viewer, id), 'no-such-attempt').attempt;
}

/** What isn't theirs and what isn't there look the same to those who may not know. */
function granted<T>(access: Granted<T>, missing: RefusalCode): { ok: true } & T {
	if (access.ok) return access;
	throw new ApiRefusal(access.refusal === 'forbidden' ? 'forbidden' : missing);
}
