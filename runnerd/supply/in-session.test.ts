// Whose sandboxes are kept, and how many are kept warm for whom.

import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '@containrlab/protocol/sandbox.ts';
import { InSession } from './in-session.ts';

const limits = { ...DEFAULT_LIMITS, pids: 1024 };
const lesson = { class: 'class1', until: 90_000, students: 40, warmUntil: 20_000, limits };

test('what is said replaces what was said, and tells whom it concerns', () => {
	const inSession = new InSession();
	expect([...inSession.replace({ classes: [lesson] }, 0)]).toEqual([['class1', { endedAt: 0 }]]);
	expect(inSession.until('class1')).toBe(90_000);
	expect(inSession.until('class2')).toBe(0);
	expect(inSession.until(undefined)).toBe(0);
	expect(inSession.replace({ classes: [{ ...lesson, students: 41 }] }, 1).size).toBe(0);
	const longer = { ...lesson, until: 95_000 };
	expect([...inSession.replace({ classes: [longer] }, 2)]).toEqual([['class1', { endedAt: 0 }]]);
	// Ended early: idle time counts from now; told late: from when it was over.
	expect([...inSession.replace({ classes: [] }, 50_000)]).toEqual([
		['class1', { endedAt: 50_000 }],
	]);
	inSession.replace({ classes: [lesson] }, 60_000);
	expect([...inSession.replace({ classes: [] }, 99_000)]).toEqual([
		['class1', { endedAt: 90_000 }],
	]);
});

test('warm ones are for those who are expected and have none, and not for ever', () => {
	const inSession = new InSession();
	inSession.replace({ classes: [lesson, { ...lesson, class: 'class2', students: 10 }] }, 0);
	const there = (classId: string) => (classId === 'class1' ? 15 : 12);
	const counts = (...counts: number[]) => counts.map((count) => ({ make: limits, count }));
	expect(inSession.wanted(() => 0, 0)).toEqual(counts(40, 10));
	expect(inSession.wanted(there, 19_999)).toEqual(counts(25, 0));
	expect(inSession.wanted(there, 20_000)).toEqual([]);
});
