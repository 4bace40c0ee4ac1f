// The page of text says what is ready, what isn't and why, and how many fit.

import { expect, test } from 'vitest';
import type { LabFlight, PreflightReport, Trial } from '@containrlab/protocol/preflight.ts';
import { isClear, reportLines } from './report.ts';

const MB = 1e6;
const passed: Trial = { outcome: 'passed', trouble: null, seconds: 9, buildSeconds: 4 };
const failed: Trial = {
	outcome: 'failed',
	trouble: { code: 'build-failed', message: 'The image doesn’t build.' },
	...{ seconds: 3, buildSeconds: null },
};
const flight = (over: Partial<LabFlight>): LabFlight => ({
	...{ slug: '01-first', missing: [], supplied: passed, cut: passed },
	...{ memory: 100 * MB, disk: 200 * MB, ...over },
});
const reportOf = (over: Partial<PreflightReport>): PreflightReport => ({
	...{ at: 0, seconds: 60, labs: [flight({})], unknown: [], startSeconds: 1.2 },
	...{ fit: { memory: 50, disk: 45, students: 40 }, diskFree: 9000 * MB, cores: 4, ...over },
});
const text = (over: Partial<PreflightReport>, address: string | null = 'http://192.168.1.5:7400') =>
	reportLines(reportOf(over), new Map([['01-first', 'First']]), address).join('\n');

test('what is ready says how long it takes, alone and for all', () => {
	expect(isClear(reportOf({}))).toBe(true);
	expect(text({})).toContain(
		'✓ First: its solution passes without the internet.  built in 4.0 s alone, about 40.0 s when all 40 build at once',
	);
	expect(text({})).toContain('✓ 50 students fit by memory, at 100 MB each');
	expect(text({})).toContain('Open http://192.168.1.5:7400/reach on a phone');
	expect(text({}).endsWith('\nReady.')).toBe(true);
	expect(text({}, null)).toContain('npm start -- --lan');
});

test.each<[what: string, over: Partial<PreflightReport>, words: string]>([
	[
		'a lab that needs the internet',
		{ labs: [flight({ cut: failed })] },
		'✗ First: its solution passes with the internet only.\n      build-failed: The image',
	],
	['a solution that fails', { labs: [flight({ supplied: failed, cut: failed })] }, 'doesn’t pass'],
	[
		'an image that isn’t there',
		{ labs: [flight({ missing: ['redis'] })] },
		'the image redis isn’t',
	],
	['a lab that isn’t there', { unknown: ['02-gone'] }, '✗ 02-gone: not on this server'],
	[
		'too little memory',
		{ fit: { memory: 12, disk: 90, students: 40 } },
		'✗ 12 students fit by mem',
	],
	['too little disk', { fit: { memory: 90, disk: 3, students: 40 } }, '✗ 3 students fit by disk'],
])('%s isn’t ready, and is named', (_what, over, words) => {
	expect(isClear(reportOf(over))).toBe(false);
	expect(text(over)).toContain(words);
	expect(text(over)).toContain('Not ready');
});

test('without a mirror the internet isn’t cut off, and that is said', () => {
	const labs = [flight({ cut: null })];
	expect(isClear(reportOf({ labs }))).toBe(true);
	expect(text({ labs })).toContain('there is no mirror to cut off');
});
