import { describe, expect, it } from 'vitest';
import { MOST_MATCHES, searchTexts, type Query } from './search.ts';

const texts = [
	{
		id: 'a',
		path: 'Dockerfile',
		text: 'FROM python:3.13\nRUN pip install flask\nCMD ["python"]\n',
	},
	{ id: 'b', path: 'app.py', text: 'import pythonic\n# Straße, STRASSE\n' },
];
const query = (text: string, options: Partial<Query> = {}): Query => ({
	...{ text, matchCase: false, wholeWord: false, regex: false },
	...options,
});
const found = (text: string, options?: Partial<Query>) => {
	const result = searchTexts(texts, query(text, options));
	if (!result.ok) throw new Error('no pattern');
	return result.files.flatMap(({ path, matches }) =>
		matches.map(({ line, found: word }) => `${path}:${line}:${word}`),
	);
};

describe('finding in files', () => {
	it('finds words by file and line, whatever their case', () => {
		expect(found('PYTHON')).toEqual([
			...['Dockerfile:1:python', 'Dockerfile:3:python', 'app.py:1:python'],
		]);
		expect(found('PYTHON', { matchCase: true })).toEqual([]);
		expect(found('python', { wholeWord: true })).toHaveLength(2);
		expect(found('straße')).toEqual(['app.py:2:Straße']);
	});

	it('takes signs for signs, unless they are to be a pattern', () => {
		expect(found('["python"]')).toEqual(['Dockerfile:3:["python"]']);
		expect(found('3.1')).toEqual(['Dockerfile:1:3.1']);
		expect(found('^[A-Z]{3}\\b', { regex: true, matchCase: true })).toHaveLength(2);
		expect(found('x*', { regex: true })).toEqual([]);
		expect(searchTexts(texts, query('(', { regex: true }))).toEqual({ ok: false });
	});

	it('shows what stands around a match, and no more of a long line', () => {
		const long = `${'a'.repeat(500_000)}needle${'b'.repeat(500_000)}`;
		const result = searchTexts([{ id: 'l', path: 'l', text: long }], query('needle'));
		if (!result.ok) throw new Error('no pattern');
		const [match] = result.files[0]!.matches;
		expect(match).toMatchObject({ line: 1, found: 'needle' });
		expect(match!.before.length + match!.after.length).toBeLessThan(200);
	});

	it('stops when there is more than anyone reads', () => {
		const many = Array.from({ length: 50 }, (_, n) => ({
			...{ id: `${n}`, path: `${n}`, text: 'x\n'.repeat(1000) },
		}));
		expect(searchTexts(many, query('x'))).toMatchObject({ count: MOST_MATCHES, cut: true });
	});
});
