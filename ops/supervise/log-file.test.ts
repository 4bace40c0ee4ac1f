// A log never outgrows its bound, and its newest lines are always there.

import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLog } from './log-file.ts';

let dir: string;
beforeEach(() => {
	dir = mkdtempSync(join(tmpdir(), 'containrlab-log-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('two files of at most the limit each, across restarts', () => {
	const path = join(dir, 'web.log');
	for (let life = 0; life < 5; life += 1) {
		const log = openLog(path, 1000);
		for (let line = 0; line < 50; line += 1) log(`life ${life} line ${line} é`);
	}
	expect(statSync(path).size).toBeLessThanOrEqual(1000);
	expect(statSync(`${path}.1`).size).toBeLessThanOrEqual(1000);
	expect(readFileSync(path, 'utf8').trimEnd().split('\n').at(-1)).toBe('life 4 line 49 é');
});

test('a line larger than the limit is kept whole, alone', () => {
	const path = join(dir, 'web.log');
	const log = openLog(path, 100);
	log('short');
	log('x'.repeat(500));
	expect(readFileSync(path, 'utf8')).toBe(`${'x'.repeat(500)}\n`);
	log('next');
	expect(readFileSync(path, 'utf8')).toBe('next\n');
});

test('a full disk costs lines, not the program, and the log says how many', () => {
	const path = join(dir, 'web.log');
	symlinkSync('/dev/full', path);
	const log = openLog(path);
	log('one');
	log('two');
	rmSync(path);
	log('three');
	expect(readFileSync(path, 'utf8')).toBe('(2 lines could not be written here)\nthree\n');
});
