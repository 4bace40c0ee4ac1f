// Everything that the workspace page needs before its sockets are open.

import { judgedAgain } from '@containrlab/db/queries/attempt-runs.ts';
import { attemptsOf } from '@containrlab/db/queries/attempts.ts';
import { lastEventId } from '@containrlab/db/queries/events.ts';
import { handOf } from '@containrlab/db/queries/hands.ts';
import { labVersion, touchWorkspace } from '@containrlab/db/queries/workspaces.ts';
import { workspaceRoom } from '@containrlab/protocol/id.ts';
import { error } from '@sveltejs/kit';
import { app } from '#server/app.ts';
import { requireWorkspace } from '#server/kit.ts';
import type { PageServerLoad } from './$types';

const SHOWN_ATTEMPTS = 20;

export const load: PageServerLoad = async (event) => {
	const { viewer, workspace, isOwner, isStaff } = await requireWorkspace(
		event,
		event.params.workspace,
		'see',
	);
	const { db, labs, sandboxes } = app();
	// Read first: what happens while the rest is read comes again by the event stream.
	const last = await lastEventId(db);
	// A lab that left the catalog is still shown to those who worked on it.
	const lab = labs.get(workspace.labSlug) ?? (await labVersion(db, workspace.labDigest));
	if (!lab) error(404, 'This lab is gone.', { advice: 'Tell your instructor.' });
	const [attempts, sandbox, hand] = await Promise.all([
		attemptsOf(db, workspace.id, SHOWN_ATTEMPTS),
		sandboxes.view(workspace.id),
		handOf(db, workspace.id),
		// Whoever only reads has come back, too: retention counts from here.
		isOwner && touchWorkspace(db, workspace.id),
	]);
	const again = await judgedAgain(
		db,
		attempts.map((attempt) => attempt.id),
	);
	return {
		me: { id: viewer.id, name: viewer.name, guest: viewer.email === null },
		access: 'write' as const,
		isOwner,
		isStaff,
		class: { id: workspace.class.id, name: workspace.class.name },
		lab: labs.view(lab),
		workspace: { id: workspace.id, owner: workspace.owner },
		room: workspaceRoom(workspace.id),
		sandbox: sandbox.sandbox,
		runnerDown: sandbox.runnerDown,
		attempts: attempts.map((attempt, index) => ({
			id: attempt.id,
			number: attempt.number,
			status: attempt.status,
			createdAt: attempt.createdAt,
			phases: attempt.phases,
			// The panel shows the newest; the others have pages of their own.
			verdict: index === 0 ? attempt.verdict : null,
			durationMs: attempt.durationMs,
			imageBytes: attempt.imageBytes,
			source: attempt.source,
			left: attempt.left,
			override: attempt.override,
			again: again.has(attempt.id),
		})),
		hand: hand ?? null,
		lastEventId: last,
	};
};
