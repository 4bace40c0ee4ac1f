// The phases of a judge run, as they stand once its verdict is there.

import type { AttemptPhase } from '@containrlab/db/schema.ts';
import { JudgePhase, type CheckResult, type Verdict } from '@containrlab/protocol/verdict.ts';

/** What the checks say counts; what was only streamed (`prepare`) is kept, and nothing still runs. */
export function finalPhases(streamed: readonly AttemptPhase[], verdict: Verdict): AttemptPhase[] {
	return JudgePhase.options.flatMap((phase): AttemptPhase[] => {
		const seen = streamed.find((each) => each.phase === phase);
		const checks = verdict.checks.filter((check) => check.phase === phase);
		if (checks.length > 0) {
			const spent = checks.reduce((sum, check) => sum + check.durationMs, 0);
			return [{ phase, status: together(checks), durationMs: seen?.durationMs ?? spent }];
		}
		if (seen?.status === 'running') {
			return [{ ...seen, status: verdict.status === 'error' ? 'failed' : 'passed' }];
		}
		return seen ? [seen] : [];
	});
}

function together(checks: readonly CheckResult[]): AttemptPhase['status'] {
	if (checks.some((check) => check.status === 'failed' && !check.bonus)) return 'failed';
	return checks.every((check) => check.status === 'skipped') ? 'skipped' : 'passed';
}
