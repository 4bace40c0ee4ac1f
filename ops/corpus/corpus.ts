// Submissions with the verdict that each must have, and what comes of judging them in clean sandboxes.

import { readAuthoredCases } from '@containrlab/labs/catalog.ts';
import type { Lab } from '@containrlab/protocol/lab.ts';
import type { SubmittedFile } from '@containrlab/protocol/sandbox.ts';
import { codesOf, type JudgeRoom, LABS } from '../e2e/judge-room.ts';
import { FIRST_DOCKERFILE } from './first-dockerfile.ts';

export interface Submission {
	lab: string;
	/** `odd`: right, though unlike any solution. */
	kind: 'right' | 'odd' | 'wrong' | 'malicious';
	name: string;
	/** `passed`, or the code of the first failure. */
	expected: string;
	/** To the lab's solution: a file's text, or null for none. */
	changes: Readonly<Record<string, string | null>>;
}

export const CORPUS: readonly Submission[] = FIRST_DOCKERFILE;

export interface Judged {
	submission: Submission;
	observed: string;
	durationMs: number;
}

export async function judgeSubmission(room: JudgeRoom, submission: Submission): Promise<Judged> {
	const lab = room.labs.find(({ slug }) => slug === submission.lab);
	if (!lab) throw new Error(`There is no lab ${submission.lab}.`);
	const verdict = await room.judge(lab, await filesOf(lab, submission));
	const [observed = ''] = codesOf(verdict);
	return { submission, observed, durationMs: verdict.metrics.durationMs };
}

async function filesOf(lab: Lab, { changes }: Submission): Promise<SubmittedFile[]> {
	const { solution } = await readAuthoredCases(LABS, lab);
	const kept = solution.filter(({ path }) => !Object.hasOwn(changes, path));
	const written = Object.entries(changes).flatMap(([path, text]): SubmittedFile[] =>
		text === null ? [] : [{ kind: 'text', path, mode: 0o644, text }],
	);
	return [...kept, ...written];
}
