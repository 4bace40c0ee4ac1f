// How far one person is in a class: each lab with its attempts, the best result and what to do next.

import type { Database } from '@containrlab/db/connect.ts';
import { labsOf } from '@containrlab/db/queries/classes.ts';
import {
	adviceFor,
	attemptsOfPerson,
	type ProgressAttempt,
} from '@containrlab/db/queries/progress.ts';
import { workspacesIn } from '@containrlab/db/queries/workspaces.ts';
import type { LabProgress } from '#lib/progress/progress.ts';
import type { Labs } from './labs.ts';

/** The newest are shown; the others are one click away. */
const SHOWN = 8;

/** The class's labs in their order, then others that the person has worked on. */
export async function progressOf(
	deps: { db: Database; labs: Labs },
	classId: string,
	userId: string,
): Promise<LabProgress[]> {
	const { db, labs } = deps;
	const [slugs, workspaces, attempts, advice] = await Promise.all([
		labsOf(db, classId),
		workspacesIn(db, classId, userId),
		attemptsOfPerson(db, classId, userId),
		adviceFor(db, classId, userId),
	]);
	const former = workspaces.map((each) => each.labSlug).filter((slug) => !slugs.includes(slug));
	return [...slugs, ...former].map((slug) => {
		const workspace = workspaces.find((each) => each.labSlug === slug);
		const title = labs.title(slug);
		if (!workspace) return { slug, title, state: 'not-started' };
		const own = attempts.filter((each) => each.workspaceId === workspace.id);
		const passed = own.find((each) => each.status === 'passed');
		return {
			...{ slug, title, state: passed ? 'passed' : 'in-progress' },
			workspace: workspace.id,
			activeAt: workspace.activeAt,
			total: own.length,
			attempts: own.slice(-SHOWN).map(({ workspaceId: _, ...attempt }) => attempt),
			best: passed ?? mostChecks(own) ?? null,
			next: passed ? null : (advice.get(workspace.id) ?? null),
		};
	});
}

/** What we couldn't judge says nothing about the work. */
function mostChecks(attempts: readonly ProgressAttempt[]): ProgressAttempt | undefined {
	return attempts
		.filter((each) => each.status === 'failed')
		.toSorted((a, b) => (b.checksPassed ?? 0) - (a.checksPassed ?? 0) || a.number - b.number)[0];
}
