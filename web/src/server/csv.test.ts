import { expect, it } from 'vitest';
import { csv } from './csv.ts';

it('quotes what would break a row', () => {
	expect(csv([['a', 'b, "c"', 'd\ne']])).toBe('\ufeff"a","b, ""c""","d\ne"\r\n');
});

it.each(['=1+1', '+1', '-1', '@SUM(A1)', ' =1', '\t=1', '\rx', '＝1'])(
	'leaves %j no formula',
	(text) => {
		expect(csv([[text]])).toBe(`\ufeff"'${text}"\r\n`);
	},
);

it('leaves ordinary text alone', () => {
	expect(csv([['Ada Lovelace', '2026-01-02T03:04:05Z', 's-12', '']])).toBe(
		'\ufeff"Ada Lovelace","2026-01-02T03:04:05Z","s-12",""\r\n',
	);
});
