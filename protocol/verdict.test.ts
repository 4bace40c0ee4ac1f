// What an attempt earned: each passed check counts, and a bonus comes on top.

import { expect, test } from 'vitest';
import { type CheckResult, scoreOf } from './verdict.ts';

const check = (status: CheckResult['status'], more: Partial<CheckResult> = {}): CheckResult => ({
	...{ id: 'x', title: 'X', phase: 'read', status, durationMs: 0 },
	...more,
});

test('points of what passed, also where something else failed', () => {
	const checks = [check('passed', { points: 3 }), check('failed', { points: 2 }), check('skipped')];
	expect(scoreOf(checks)).toEqual({ earned: 3, possible: 6, bonus: 0 });
});

test('a bonus can only add', () => {
	const bonus = { points: 2, bonus: true };
	expect(scoreOf([check('passed'), check('passed', bonus)])).toEqual({
		...{ earned: 3, possible: 1, bonus: 2 },
	});
	expect(scoreOf([check('passed'), check('failed', bonus)])).toEqual({
		...{ earned: 1, possible: 1, bonus: 0 },
	});
});
