// What the API shows of labs, sessions and attempts: fields are chosen here, never passed through.

import type { AttemptRow } from '@containrlab/db/queries/attempts.ts';
import type { TaughtLab } from '@containrlab/db/queries/taught.ts';
import type { WorkspaceContext } from '@containrlab/db/queries/workspaces.ts';
import type { Lab as CatalogLab } from '@containrlab/protocol/lab.ts';
import type { SandboxState } from '@containrlab/protocol/sandbox.ts';
import type { Labs } from '../labs.ts';
import type { SandboxView } from '../sandboxes.ts';
import type * as schemas from './schemas.ts';

type Classes = schemas.LabSummary['classes'];

export const classesOf = (taught: readonly TaughtLab[]): Classes =>
	taught.map(({ class: { id, name, role } }) => ({ id, name, role }));

export function labSummary(lab: CatalogLab, classes: Classes): schemas.LabSummary {
	const { title, summary, minutes } = lab.front;
	return { slug: lab.slug, title, summary, minutes, classes };
}

/** No hints, which are given one by one; no starter; nothing of what a solution must produce. */
export function labView(lab: CatalogLab, labs: Labs, classes: Classes): schemas.Lab {
	const { goals, open, images, checks } = labs.view(lab);
	return {
		...labSummary(lab, classes),
		...{ goals, images, checks, open: open ?? null, text: lab.text },
	};
}

export function sessionView(
	workspace: WorkspaceContext,
	labs: Labs,
	sandbox: Pick<SandboxView, 'ok' | 'sandbox'>,
): schemas.Session {
	const { id, labSlug, owner, createdAt } = workspace;
	return {
		id,
		lab: { slug: labSlug, title: labs.title(labSlug) },
		class: { id: workspace.class.id, name: workspace.class.name },
		owner: { id: owner.id, name: owner.name },
		page: `/w/${id}`,
		createdAt: createdAt.toISOString(),
		sandbox: sandbox.ok ? sandboxView(sandbox.sandbox) : { status: 'unknown' },
	};
}

const time = (ms: number): string => new Date(ms).toISOString();

function sandboxView(state: SandboxState | null): schemas.Sandbox {
	if (!state) return { status: 'none' };
	const since = time(state.at);
	switch (state.status) {
		case 'starting':
			return { status: state.status, since, phase: state.phase };
		case 'ready':
			return { status: state.status, since, deadline: time(state.deadline) };
		case 'failed':
			return { status: state.status, since, reason: state.reason, message: state.message };
		default:
			return { status: state.status, since, reason: state.reason };
	}
}

export function attemptView(attempt: Omit<AttemptRow, 'files'>): schemas.Attempt {
	const { id, number, workspaceId, status, source, left, phases, verdict } = attempt;
	return {
		...{ id, number, session: workspaceId, status, source, left, phases, verdict },
		createdAt: attempt.createdAt.toISOString(),
		startedAt: attempt.startedAt?.toISOString() ?? null,
		finishedAt: attempt.finishedAt?.toISOString() ?? null,
	};
}
