// One attempt: who, when, verdict, checks with their evidence, files, runs and log.

import { keptRun, runsOf } from '@containrlab/db/queries/attempt-runs.ts';
import { logOf, neighboursOf, type AttemptRow } from '@containrlab/db/queries/attempts.ts';
import { lastEventId } from '@containrlab/db/queries/events.ts';
import { fail, type RequestEvent } from '@sveltejs/kit';
import { isStaff } from '#server/access.ts';
import { app } from '#server/app.ts';
import { NOT_CANCELLED } from '#server/cancelling.ts';
import { logParts } from '#server/attempt-log.ts';
import { requireAttempt } from '#server/kit.ts';
import { OverrideForm } from '#server/overriding.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
	const { attempt, workspace, isOwner, role, viewer } = await requireAttempt(
		event,
		event.params.id,
	);
	const { db, labs, judgingAgain } = app();
	// Read first: what happens while the rest is read comes again by the event stream.
	const lastEvent = await lastEventId(db);
	const asked = Number(event.url.searchParams.get('run'));
	const [kept, runs, neighbours] = await Promise.all([
		Number.isSafeInteger(asked) && asked > 0 && asked < 2 ** 31
			? keptRun(db, { id: attempt.id, try: asked })
			: undefined,
		runsOf(db, attempt.id),
		neighboursOf(db, attempt),
	]);
	const run = kept ?? attempt;
	const log = await logOf(db, { id: attempt.id, try: run.try });
	const asksAgain = runs.findLast((each) => each.try < attempt.try);
	return {
		isOwner,
		isStaff: isStaff(role),
		me: { id: viewer.id, name: viewer.name },
		class: { id: workspace.class.id, name: workspace.class.name },
		workspace: { id: workspace.id, owner: workspace.owner },
		lab: { slug: workspace.labSlug, title: labs.title(workspace.labSlug) },
		attempt: { ...headOf(attempt), queuedAt: asksAgain?.at ?? attempt.createdAt },
		files: attempt.files,
		override: attempt.override,
		/** The run that is shown: the one that counts, or an earlier one that was asked for. */
		run: {
			...{ try: run.try, status: run.status, phases: run.phases, verdict: run.verdict },
			...{ durationMs: run.durationMs, imageBytes: run.imageBytes, startedAt: run.startedAt },
			...{
				judgeDigest: run.judgeDigest,
				finishedAt: run.finishedAt,
				isCurrent: kept === undefined,
			},
		},
		runs,
		neighbours,
		/** Staff may ask for another run while its version of the lab is here. */
		mayJudgeAgain: isStaff(role) && judgingAgain.possible(workspace.labSlug, attempt.labDigest),
		/** A run that staff asked for is theirs to end. */
		mayCancel: isStaff(role) || runs.length === 0,
		log: logParts(log),
		lastEvent,
	};
};

function headOf({ id, number, status, source, createdAt, left, labDigest, try: run }: AttemptRow) {
	return { id, number, status, source, createdAt, left, labDigest, try: run };
}

const REFUSALS = {
	open: 'It is being judged already.',
	'lab-changed':
		'The lab has changed since, and its former version is no longer on this server. The verdict stays as it is.',
} as const;

async function deciding(event: RequestEvent) {
	const id = event.params['id'] ?? '';
	const { attempt, workspace, viewer } = await requireAttempt(event, id, 'override');
	return { id: attempt.id, classId: workspace.classId, by: viewer };
}

export const actions: Actions = {
	override: async (event) => {
		const { id, classId, by } = await deciding(event);
		const word = OverrideForm.safeParse(Object.fromEntries(await event.request.formData()));
		if (!word.success) {
			return fail(400, { reason: word.error.issues[0]?.message ?? 'Choose a verdict.' });
		}
		const done = await app().overriding.decide(id, classId, by, word.data);
		return done ? { decided: true } : fail(409, { problem: REFUSALS.open });
	},
	restore: async (event) => {
		const { id, classId, by } = await deciding(event);
		const done = await app().overriding.decide(id, classId, by, undefined);
		return done ? { decided: true } : fail(409, { problem: REFUSALS.open });
	},
	cancel: async (event) => {
		const { attempt, workspace, viewer, role } = await requireAttempt(
			event,
			event.params.id,
			'withdraw',
		);
		const by = { id: viewer.id, name: viewer.name, isStaff: isStaff(role) };
		const cancelled = await app().cancelling.cancel(attempt, workspace.classId, by);
		if (cancelled.ok) return { cancelled: true };
		const { status, message } = NOT_CANCELLED[cancelled.reason];
		return fail(status, { problem: message });
	},
	again: async (event) => {
		const { attempt, workspace, viewer } = await requireAttempt(
			event,
			event.params.id,
			'judge-again',
		);
		const { id, labDigest } = attempt;
		const { labSlug, classId, ownerId } = workspace;
		const subject = { id, ownerId, labSlug, labDigest };
		const asked = await app().judgingAgain.attempt(subject, classId, viewer.id);
		return asked.ok ? { again: true } : fail(409, { problem: REFUSALS[asked.reason] });
	},
};
