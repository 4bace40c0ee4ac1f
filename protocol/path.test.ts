// Which names may be shared.

import { expect, test } from 'vitest';
import { isNeverSynced, isScratch, pathProblem } from './path.ts';

test.each(['a', 'a/b.txt', '.env', 'ä/日本.md', '😀', 'a b', '...', 'x'.repeat(255), '-rf', 'CON'])(
	'%s is fine',
	(path) => {
		expect(pathProblem(path)).toBeUndefined();
	},
);

test.each([
	['', 'empty'],
	['a//b', 'empty'],
	['a/', 'empty'],
	['/etc/passwd', 'absolute'],
	['..', 'dots'],
	['a/../b', 'dots'],
	['./a', 'dots'],
	['x'.repeat(256), 'too-long'],
	['ä'.repeat(128), 'too-long'],
	['a/'.repeat(600) + 'b', 'too-long'],
	['x'.repeat(5000), 'too-long'],
	['a\u0000b', 'characters'],
	['a\nb', 'characters'],
	['a\u202eb', 'characters'],
	['a\u061cb', 'characters'],
	['a\\b', 'characters'],
	['a\ud800b', 'characters'],
	['a\udcffb', 'characters'],
	['node_modules', 'never-synced'],
	['a/.git/config', 'never-synced'],
])('%j is refused: %s', (path, problem) => {
	expect(pathProblem(path)).toBe(problem);
});

test('only whole names are never synced', () => {
	expect(isNeverSynced('a/venv/b')).toBe(true);
	expect(isNeverSynced('a/venv2/.gitignore')).toBe(false);
});

test("an editor's own files are scratch", () => {
	for (const path of ['.a.txt.swp', 'd/.swo', '4913', '.nfs0000000012ab']) {
		expect(isScratch(path)).toBe(true);
	}
	for (const path of ['a.swp', '.swift', '.env', '49130']) expect(isScratch(path)).toBe(false);
});
