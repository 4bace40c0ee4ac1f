// One attempt: who, when, verdict, files, checks with their evidence, and the log by phase.

import { logOf } from '@containrlab/db/queries/attempts.ts';
import { blobBytes } from '@containrlab/db/queries/blobs.ts';
import type { AttemptFile } from '@containrlab/db/schema.ts';
import { app } from '#server/app.ts';
import { requireAttempt } from '#server/kit.ts';
import { decodeText } from '#server/submitted-files.ts';
import type { PageServerLoad } from './$types';

/** Of all text together: a page, not an archive. */
const SHOWN_TEXT = 512 * 1024;
const SHOWN_LOG = 512 * 1024;

type ShownFile = { path: string; size: number | null; note: string | null; text: string | null };

export const load: PageServerLoad = async (event) => {
	const { attempt, workspace, isOwner } = await requireAttempt(event, event.params.id);
	const { db, labs } = app();
	const log = await logOf(db, { id: attempt.id, try: attempt.try });
	return {
		isOwner,
		class: { id: workspace.class.id, name: workspace.class.name },
		workspace: { id: workspace.id, owner: workspace.owner },
		labTitle: labs.title(workspace.labSlug),
		attempt: {
			id: attempt.id,
			number: attempt.number,
			status: attempt.status,
			source: attempt.source,
			createdAt: attempt.createdAt,
			durationMs: attempt.durationMs,
			imageBytes: attempt.imageBytes,
			left: attempt.left,
			phases: attempt.phases,
			verdict: attempt.verdict,
			try: attempt.try,
		},
		files: await shownFiles(attempt.files),
		log: byPhase(log),
	};
};

async function shownFiles(files: readonly AttemptFile[]): Promise<ShownFile[]> {
	let left = SHOWN_TEXT;
	const shown: ShownFile[] = [];
	for (const file of files) {
		const { path } = file;
		if (file.kind === 'dir') shown.push({ path, size: null, note: 'directory', text: null });
		else if (file.kind === 'link') {
			shown.push({ path, size: null, note: `link to ${file.target}`, text: null });
		} else if (file.kind === 'binary') {
			shown.push({ path, size: file.size, note: 'binary', text: null });
		} else if (file.size > left) {
			shown.push({ path, size: file.size, note: 'too long to show', text: null });
		} else {
			left -= file.size;
			const bytes = await blobBytes(app().db, file.sha);
			shown.push({ path, size: file.size, note: null, text: bytes ? decodeText(bytes) : null });
		}
	}
	return shown;
}

/** Pieces joined by phase; of a long log the end, where the failure is. */
function byPhase(pieces: readonly { phase: string; text: string }[]) {
	const phases = new Map<string, string>();
	for (const { phase, text } of pieces) phases.set(phase, (phases.get(phase) ?? '') + text);
	return [...phases].map(([phase, text]) => ({
		phase,
		text:
			text.length > SHOWN_LOG ? `… (its beginning is left out)\n${text.slice(-SHOWN_LOG)}` : text,
	}));
}
