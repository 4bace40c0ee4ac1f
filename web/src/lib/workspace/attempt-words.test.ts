import { expect, it } from 'vitest';
import { shownPhases } from './attempt-words.ts';

it('shows all phases in their order from the start, each as it last was', () => {
	expect(shownPhases([])).toHaveLength(5);
	expect(shownPhases([]).every((entry) => entry.status === 'waiting')).toBe(true);
	const shown = shownPhases([
		{ phase: 'read', status: 'running' },
		{ phase: 'prepare', status: 'passed', durationMs: 40 },
		{ phase: 'read', status: 'passed', durationMs: 7 },
	]);
	expect(shown.map((entry) => [entry.phase, entry.status])).toEqual([
		['prepare', 'passed'],
		['read', 'passed'],
		['build', 'waiting'],
		['run', 'waiting'],
		['inspect', 'waiting'],
	]);
});
