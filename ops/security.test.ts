// docs/security.md says what is so: its table of attempts is the tests' own, and its tests exist.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EXHAUSTIBLE, GUARDS } from '@containrlab/runnerd/escape/guards.ts';
import { ROOT } from './setup/data-dir.ts';

const page = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');
/** Without what a formatter may change. */
const even = (text: string) => text.replaceAll(/\s+/g, ' ').replaceAll("\\'", "'");

function rowsBelow(head: string): string[][] {
	const [, below = ''] = even(page.replaceAll('\n', '⏎')).split(head);
	const [table = ''] = below.split('⏎⏎');
	return table
		.split('⏎')
		.filter((line) => line.startsWith('|') && !line.startsWith('| --'))
		.map((line) =>
			line
				.slice(1, -1)
				.split('|')
				.map((cell) => cell.trim()),
		);
}

test('the table of attempts is that of the tests, row by row', () => {
	const told = rowsBelow('gets out with');
	const tried = GUARDS.map(({ attempt, guard, without }) => [
		attempt,
		guard,
		without.map(({ name }) => name).join(', '),
	]);
	expect(told).toEqual(tried);
	expect(tried.length).toBeGreaterThanOrEqual(45);
	for (const { what } of EXHAUSTIBLE) expect(page).toContain(`**${what}**`.replace(/s\*\*/, ''));
});

const named = Array.from(even(page).matchAll(/([\w/.-]+\.test\.ts) › (.+?)(?= <br>| \||\)\.)/g));

test('tests are named', () => expect(named.length).toBeGreaterThan(30));

test.each(named.map(([, file, title]) => [file!, title!]))('%s › %s exists', (file, title) => {
	const text = even(readFileSync(join(ROOT, file), 'utf8'));
	expect(["'", '"'].some((quote) => text.includes(quote + title.trim() + quote))).toBe(true);
});
