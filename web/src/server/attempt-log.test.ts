import { expect, it } from 'vitest';
import { logParts, logText } from './attempt-log.ts';

it('joins what one phase printed', () => {
	const pieces = [
		{ phase: 'build', text: 'Step 1' },
		{ phase: 'build', text: ' of 2\n' },
		{ phase: 'run', text: 'up\n' },
	];
	expect(logParts(pieces)).toEqual([
		{ phase: 'build', text: 'Step 1 of 2\n', cut: false },
		{ phase: 'run', text: 'up\n', cut: false },
	]);
	expect(logText(pieces)).toBe('── build ──\nStep 1 of 2\n\n── run ──\nup\n');
});

it('shows the end of what is long', () => {
	const [many] = logParts([{ phase: 'run', text: 'x\n'.repeat(5_000) + 'last\n' }]);
	expect(many!.cut).toBe(true);
	expect(many!.text.split('\n')).toHaveLength(2_001);
	expect(many!.text).toMatch(/last\n$/);
	const [long] = logParts([{ phase: 'run', text: 'y'.repeat(300_000) }]);
	expect(long!.text).toHaveLength(256 * 1024);
});
