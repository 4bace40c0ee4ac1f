// A raised hand: its owner raises and lowers it, staff lower it when they have answered.

import { error, json } from '@sveltejs/kit';
import { z } from 'zod';
import { lowerHand, raiseHand } from '@containrlab/db/queries/hands.ts';
import { HAND_QUESTION } from '@containrlab/protocol/events.ts';
import { app } from '#server/app.ts';
import { Pace } from '#server/api/pace.ts';
import { requireWorkspace } from '#server/kit.ts';
import { tidy } from '#server/names.ts';
import type { RequestHandler } from './$types';

/** Up and down as often as anyone means it; each time everyone of the staff is told. */
const pace = new Pace({ burst: 20, perSecond: 0.2 });

const Raise = z.object({
	question: z.string().transform(tidy).pipe(z.string().max(HAND_QUESTION)),
});

export const POST: RequestHandler = async (event) => {
	const { viewer, workspace } = await requireWorkspace(event, event.params.workspace, 'raise-hand');
	const body = Raise.safeParse(await event.request.json().catch(() => undefined));
	if (!body.success) {
		error(400, `A question has at most ${HAND_QUESTION} characters.`, {
			advice: 'Ask in fewer words; the rest you can say.',
		});
	}
	const seconds = pace.take(viewer.id);
	if (seconds > 0) {
		error(429, 'Your hand went up very often just now.', {
			advice: `Try again in ${seconds} s. Staff see it as soon as it is up.`,
		});
	}
	return json({ hand: await raiseHand(app().db, workspace.id, body.data.question) });
};

/** Also when it was down already: twice is as good as once. */
export const DELETE: RequestHandler = async (event) => {
	const { viewer, workspace } = await requireWorkspace(event, event.params.workspace, 'lower-hand');
	await lowerHand(app().db, workspace, viewer);
	return json({ hand: null });
};
