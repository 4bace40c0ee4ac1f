// docs/failures.md says what is so: its words are in the source, and its tests exist.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './setup/data-dir.ts';

/** Below the head of each table: cells as they are written. */
const rows = readFileSync(join(ROOT, 'docs/failures.md'), 'utf8')
	.split('\n')
	.filter((line) => line.startsWith('|') && !/^\| (input|---)/.test(line))
	.map((line) => line.slice(1, -1).split('|'))
	.map((cells) => cells.map((cell) => cell.trim()));

/** Without what a formatter may change: white space, and quotes that are escaped. */
const even = (text: string) => text.replaceAll(/\s+/g, ' ').replaceAll("\\'", "'");

const source = globSync(
	['web/src', 'runnerd', 'judges', 'sync', 'protocol'].map(
		(folder) => `${folder}/**/*.{ts,svelte,html}`,
	),
	{ cwd: ROOT },
)
	.filter((path) => !path.includes('node_modules') && !path.endsWith('.test.ts'))
	.map((path) => even(readFileSync(join(ROOT, path), 'utf8')))
	.join('\n');

test('every row says who notices, what is seen, what goes on, and names a test', () => {
	expect(rows.length).toBeGreaterThan(30);
	for (const row of rows) {
		expect(row, row[0]).toHaveLength(5);
		expect(
			row.every((cell) => cell !== ''),
			row[0],
		).toBe(true);
	}
});

test.each(rows)('%s: in the words that the user sees', (_input, _detected, seen) => {
	for (const [, words] of seen!.matchAll(/“([^”]+)”/g)) {
		for (const part of words!.split('…').map((piece) => even(piece).trim())) {
			if (part !== '') expect(source).toContain(part);
		}
	}
});

test.each(rows)('%s: held by tests that exist', (...row) => {
	for (const named of row[4]!.split('<br>')) {
		const [file, title] = named.trim().split(' › ');
		const text = even(readFileSync(join(ROOT, file!), 'utf8'));
		const found = ["'", '"'].some((quote) => text.includes(quote + title + quote));
		expect(found, named).toBe(true);
	}
});
