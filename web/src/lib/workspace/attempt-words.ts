// The phases of a judge run, in the words of the panel.

import type { JudgePhase } from '@containrlab/protocol/verdict.ts';
import type { AttemptPhase } from './types.ts';

const PHASE_ORDER = ['prepare', 'read', 'build', 'run', 'inspect'] as const;

export const PHASE_NAMES: Record<JudgePhase, string> = {
	prepare: 'Clean sandbox',
	read: 'Read the files',
	build: 'Build the image',
	run: 'Start the container',
	inspect: 'Look inside and ask',
};

export type ShownPhase = {
	phase: JudgePhase;
	status: AttemptPhase['status'] | 'waiting';
	durationMs?: number | undefined;
};

/** All phases in order, those to come as `waiting`: the list keeps its height from the start. */
export function shownPhases(phases: readonly AttemptPhase[]): ShownPhase[] {
	return PHASE_ORDER.map(
		(phase) =>
			phases.findLast((entry) => entry.phase === phase) ?? { phase, status: 'waiting' as const },
	);
}
