import { expect, it } from 'vitest';
import { shownRuns, type KeptRun } from './runs.ts';

const kept = (over: Partial<KeptRun>): KeptRun => ({
	...{ try: 1, status: 'failed', finishedAt: null, by: 'Tom', at: 't' },
	...over,
});

it('numbers runs by their order, not by our tries, and says which one counts', () => {
	const runs = shownRuns([kept({ try: 3, status: 'error' })], {
		...{ try: 4, status: 'passed', finishedAt: null },
	});
	expect(runs.map((run) => [run.number, run.status, run.counts])).toEqual([
		[1, 'error', false],
		[2, 'passed', true],
	]);
	expect(runs[0]!.asked).toEqual({ by: 'Tom', at: 't', aside: false });
	expect(runs[1]!.asked).toBeUndefined();
});

it('tells a run that our trouble ended from one that was replaced', () => {
	const current = { try: 1, status: 'passed' as const, finishedAt: null };
	const runs = shownRuns([kept({ try: 4, status: 'error', by: null })], current);
	expect(runs.map((run) => run.counts)).toEqual([true, false]);
	expect(runs[1]!.asked).toMatchObject({ by: 'someone who has left', aside: true });
});
