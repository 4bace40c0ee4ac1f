import { expect, it } from 'vitest';
import { markOf, type ProgressMark } from './progress.ts';

const attempt = (over: Partial<ProgressMark>): ProgressMark => ({
	...{ id: 'a', number: 1, status: 'failed', createdAt: new Date(0), checksPassed: 2, checks: 6 },
	...over,
});

it('counts checks of a failure, and never calls our fault theirs', () => {
	expect(markOf(attempt({}))).toBe('2 of 6');
	expect(markOf(attempt({ status: 'passed' }))).toBe('passed');
	expect(markOf(attempt({ status: 'error', checksPassed: 0, checks: 0 }))).toBe('not judged');
	expect(markOf(attempt({ status: 'running', checksPassed: null, checks: null }))).toBe(
		'being judged',
	);
});
