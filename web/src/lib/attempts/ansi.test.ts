import { describe, expect, it } from 'vitest';
import { coloured, marked, plain } from './ansi.ts';

const ESC = '\x1b';
const text = (printed: string) => coloured(printed).map(plain);

describe('coloured', () => {
	it('names colours and marks, and carries them over lines until they are reset', () => {
		expect(
			coloured(`${ESC}[1;31mno${ESC}[0m ok\n${ESC}[32mgreen\nstill${ESC}[39m plain\n`),
		).toEqual([
			[
				{ text: 'no', look: 'ansi-bold ansi-red' },
				{ text: ' ok', look: '' },
			],
			[{ text: 'green', look: 'ansi-green' }],
			[
				{ text: 'still', look: 'ansi-green' },
				{ text: ' plain', look: '' },
			],
		]);
	});

	it.each([
		['91', 'ansi-bright-red'],
		['38;5;2', 'ansi-green'],
		['38;5;196', 'ansi-bright-red'],
		['38;2;0;0;255', 'ansi-bright-blue'],
		['48;2;0;255;0', 'ansi-bg-bright-green'],
		['7', 'ansi-bg-text'],
		['31;7', 'ansi-bg-red'],
		['30', ''],
		['4;9', 'ansi-underline ansi-strike'],
		['38', ''],
		['999', ''],
	])('reads %s', (code, look) => {
		expect(coloured(`${ESC}[${code}mx`)).toEqual([[{ text: 'x', look }]]);
	});

	it('keeps of a bar that draws over itself the last', () => {
		expect(text('10 %\r50 %\r100 %\r\ndone\r\n')).toEqual(['100 %', 'done']);
	});

	it('leaves out what else a terminal would obey, to the end of its line at the most', () => {
		expect(text(`a${ESC}]0;title\x07b`)).toEqual(['ab']);
		expect(text(`a${ESC}]8;;https://evil.example${ESC}\\link${ESC}]8;;${ESC}\\`)).toEqual([
			'alink',
		]);
		expect(text(`a${ESC}]52;c;aGk=\nseen`)).toEqual(['a', 'seen']);
		expect(text(`a${ESC}[2J${ESC}[1;1Hb${ESC}cc\0d\u009b`)).toEqual(['abcd']);
		expect(text(`end${ESC}`)).toEqual(['end']);
		expect(text(`${ESC}[`)).toEqual(['']);
	});

	it('takes time in proportion, whatever was printed', () => {
		const hostile = [
			`${ESC}[1m`.repeat(50_000),
			`${ESC}[${'1;'.repeat(100_000)}m`,
			`${ESC}]`.repeat(50_000),
			`${ESC}[${'0'.repeat(200_000)}`,
			'\r'.repeat(200_000),
		];
		const began = performance.now();
		for (const each of hostile) coloured(each);
		expect(performance.now() - began).toBeLessThan(3_000);
	});
});

describe('marked', () => {
	const line = coloured(`Step ${ESC}[31mfailed${ESC}[0m: FAILED`)[0]!;

	it('finds in whatever case and across colours', () => {
		expect(marked(line, 'failed').filter((piece) => piece.hit)).toEqual([
			{ text: 'failed', look: 'ansi-red', hit: true },
			{ text: 'FAILED', look: '', hit: true },
		]);
		const across = marked(line, 'ep fail').filter((piece) => piece.hit);
		expect(across.map((piece) => piece.text)).toEqual(['ep ', 'fail']);
		expect(
			marked(line, 'd: f')
				.map((piece) => piece.text)
				.join(''),
		).toBe('Step failed: FAILED');
	});

	it('leaves lines without it whole', () => {
		expect(marked(line, '')).toHaveLength(3);
		expect(marked(line, 'zzz').some((piece) => piece.hit)).toBe(false);
	});
});
