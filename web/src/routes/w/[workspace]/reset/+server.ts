// A workspace back at the beginning: its files as the lab gave them, and with `sandbox` a fresh one.

import { error, json } from '@sveltejs/kit';
import { z } from 'zod';
import { labVersion, starterFor } from '@containrlab/db/queries/workspaces.ts';
import { app } from '#server/app.ts';
import { Pace } from '#server/api/pace.ts';
import { isTemporary } from '#server/failure.ts';
import { requireWorkspace } from '#server/kit.ts';
import type { RequestHandler } from './$types';

/** The document keeps what every reset deletes. */
const pace = new Pace({ burst: 10, perSecond: 1 / 60 });

const Reset = z.object({ sandbox: z.boolean() });

export const POST: RequestHandler = async (event) => {
	const { viewer, workspace } = await requireWorkspace(event, event.params.workspace, 'reset');
	const body = Reset.safeParse(await event.request.json().catch(() => undefined));
	if (!body.success)
		error(400, 'It was not said whether the sandbox goes, too.', { advice: 'Reload the page.' });
	const { db, files, labs, sandboxes } = app();
	const lab = labs.get(workspace.labSlug) ?? (await labVersion(db, workspace.labDigest));
	if (!lab) error(404, 'This lab is gone.', { advice: 'Tell your instructor.' });
	const seconds = pace.take(viewer.id);
	if (seconds > 0) {
		error(429, 'It was reset very often just now.', { advice: `Try again in ${seconds} s.` });
	}
	const at = { workspaceId: workspace.id, userId: viewer.id };
	const result = await files
		.reset(at, await starterFor(db, workspace.id, lab.starter))
		.catch((cause: unknown) => {
			if (isTemporary(cause)) return { ok: false } as const;
			throw cause;
		});
	if (!result.ok) {
		error(503, 'The files could not be reset just now.', {
			advice: 'Nothing was changed. Try again in a moment.',
		});
	}
	// The files are; whether the sandbox could be asked is told beside that.
	if (!body.data.sandbox) return json({ reset: true });
	return json({ reset: true, ...(await sandboxes.restart(workspace, true)) });
};
