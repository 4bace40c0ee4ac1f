import { expect, it } from 'vitest';
import { finalPhases } from './phases.ts';

const check = (phase: 'read' | 'build' | 'run', status: 'passed' | 'failed' | 'skipped') => ({
	...{ id: `${phase}-${status}`, title: '', phase, status, durationMs: 5 },
});

it('lets the checks decide, keeps what was only streamed, and leaves nothing running', () => {
	const phases = finalPhases(
		[
			{ phase: 'prepare', status: 'running' },
			{ phase: 'build', status: 'running', durationMs: 90 },
		],
		{
			status: 'failed',
			failures: [{ code: 'x', message: '', hint: '', evidence: [] }],
			checks: [
				check('read', 'passed'),
				check('build', 'passed'),
				check('build', 'failed'),
				check('run', 'skipped'),
			],
			metrics: { durationMs: 1 },
		},
	);
	expect(phases).toEqual([
		{ phase: 'prepare', status: 'passed' },
		{ phase: 'read', status: 'passed', durationMs: 5 },
		{ phase: 'build', status: 'failed', durationMs: 90 },
		{ phase: 'run', status: 'skipped', durationMs: 5 },
	]);
});
