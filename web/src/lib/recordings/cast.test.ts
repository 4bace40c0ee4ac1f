import { expect, it } from 'vitest';
import { clockWords, lengthWords, parseCast } from './cast.ts';

const HEADER = '{"version":2,"width":80,"height":24}';

it('puts events, sizes and marks on a timeline without long pauses', () => {
	const cast = parseCast(
		[
			HEADER,
			'[0,"m","Ada types"]',
			'[0.5,"o","a"]',
			'[100,"r","100x30"]',
			'[100.5,"o","b"]',
			'',
		].join('\n'),
	);
	expect(cast).toEqual({
		size: { cols: 80, rows: 24 },
		events: [
			{ at: 0.5, kind: 'output', text: 'a' },
			{ at: 2.5, kind: 'size', size: { cols: 100, rows: 30 } },
			{ at: 3, kind: 'output', text: 'b' },
		],
		marks: [{ at: 0, text: 'Ada types' }],
		duration: 3,
	});
});

it.each(['', 'no JSON', 'null', '[]', '{"version":3,"width":80,"height":24}', '{"version":2}'])(
	'%j is no recording',
	(text) => expect(parseCast(text)).toBeUndefined(),
);

it('leaves out what it can’t read, and goes on', () => {
	const lines = [
		'{',
		'null',
		'7',
		'[1,"o"]',
		'["1","o","x"]',
		'[1,"i","secret"]',
		'[1,"r","9e9x1"]',
	];
	const cast = parseCast([HEADER, ...lines, '[-5,"o","early"]', '[1,"o","kept"]'].join('\n'));
	expect(cast!.events.map((event) => event.kind === 'output' && event.text)).toEqual([
		'early',
		'kept',
	]);
	expect(cast!.duration).toBe(1);
});

it('says times', () => {
	expect([clockWords(0), clockWords(75.9), clockWords(3600)]).toEqual(['0:00', '1:15', '60:00']);
	expect([lengthWords(0.2), lengthWords(59.5), lengthWords(75)]).toEqual(['1 s', '60 s', '1 min']);
});
