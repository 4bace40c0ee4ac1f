// The runs of an attempt in the order in which they were judged.

import type { AttemptStatus } from './AttemptsTable.svelte';

export type KeptRun = {
	try: number;
	status: 'passed' | 'failed' | 'error' | 'withdrawn';
	finishedAt: Date | string | null;
	/** Who asked for another run; null when they are gone. */
	by: string | null;
	at: Date | string;
};

export type ShownRun = {
	/** 1, 2, 3 …, whatever tries of ours were needed for each. */
	number: number;
	try: number;
	status: AttemptStatus;
	finishedAt: Date | string | null;
	counts: boolean;
	/** Who had this one judged again; of one that our trouble ended, who had asked for it. */
	asked: { by: string; at: Date | string; aside: boolean } | undefined;
};

/** `kept` is in the order of tries. A run of ours that failed after a verdict doesn't count. */
export function shownRuns(
	kept: readonly KeptRun[],
	current: { try: number; status: AttemptStatus; finishedAt: Date | string | null },
): ShownRun[] {
	const all = [
		...kept.map((run) => ({ ...run, counts: false })),
		{ ...current, counts: true, by: undefined, at: undefined },
	].toSorted((a, b) => a.try - b.try);
	return all.map((run, index) => ({
		...{ number: index + 1, try: run.try, status: run.status, finishedAt: run.finishedAt },
		counts: run.counts,
		asked:
			run.at === undefined
				? undefined
				: {
						by: run.by ?? 'someone who has left',
						at: run.at,
						aside:
							(run.status === 'error' || run.status === 'withdrawn') &&
							all
								.slice(0, index)
								.some((earlier) => earlier.status === 'passed' || earlier.status === 'failed'),
					},
	}));
}
