import { describe, expect, it } from 'vitest';
import {
	buildRows,
	entriesUnder,
	linkTarget,
	nameOf,
	nameProblem,
	parentOf,
	type TreeFile,
} from './tree.ts';

const file = (path: string, kind: TreeFile['kind'] = 'text'): TreeFile => ({
	id: `id:${path}`,
	kind,
	path,
});
const none = new Set<string>();

describe('buildRows', () => {
	it('implies directories, puts them first and sorts as people do', () => {
		const rows = buildRows(
			[file('b.txt'), file('file10'), file('file9'), file('src/app.py'), file('Dockerfile')],
			none,
		);
		expect(rows.map((row) => [row.level, row.path])).toEqual([
			[1, 'src'],
			[2, 'src/app.py'],
			[1, 'b.txt'],
			[1, 'Dockerfile'],
			[1, 'file9'],
			[1, 'file10'],
		]);
		expect(rows[0]).toMatchObject({ kind: 'dir', id: undefined, expanded: true });
		expect(rows[1]).toMatchObject({ position: 1, siblings: 1, expanded: undefined });
		expect(rows[2]).toMatchObject({ position: 2, siblings: 5 });
	});

	it('joins a directory that is an entry of its own with the one its files imply', () => {
		const rows = buildRows([file('src/app.py'), file('src', 'dir')], none);
		expect(rows).toHaveLength(2);
		expect(rows[0]).toMatchObject({ path: 'src', kind: 'dir', id: 'id:src' });
	});

	it('hides what is inside a collapsed directory', () => {
		const rows = buildRows([file('a/b/c'), file('a/d')], new Set(['a']));
		expect(rows.map((row) => row.path)).toEqual(['a']);
		expect(rows[0]!.expanded).toBe(false);
	});
});

it('finds the entries under a directory, and not its namesakes', () => {
	const files = [file('src', 'dir'), file('src/a'), file('src2/b'), file('src.txt')];
	expect(entriesUnder(files, 'src').map((entry) => entry.path)).toEqual(['src', 'src/a']);
});

describe('nameProblem', () => {
	const files = [file('app.py'), file('src/main.py')];
	it('accepts a free name, and the present one', () => {
		expect(nameProblem(files, 'Dockerfile', undefined)).toBeUndefined();
		expect(nameProblem(files, 'app.py', 'app.py')).toBeUndefined();
	});
	it('refuses what is taken, or would sit inside a file', () => {
		expect(nameProblem(files, 'app.py', undefined)).toContain('already');
		expect(nameProblem(files, 'src', undefined)).toContain('already');
		expect(nameProblem(files, 'app.py/x', undefined)).toContain('is a file');
		expect(nameProblem(files, 'src/inner', 'src')).toContain('itself');
	});
	it('uses the protocol’s words for paths that can’t be', () => {
		expect(nameProblem(files, '../x', undefined)).toContain('".."');
		expect(nameProblem(files, 'node_modules/x', undefined)).toContain('never synced');
		expect(nameProblem(files, '', undefined)).toContain('missing');
	});
});

it('splits paths', () => {
	expect([parentOf('a/b/c'), nameOf('a/b/c')]).toEqual(['a/b', 'c']);
	expect([parentOf('c'), nameOf('c')]).toEqual(['', 'c']);
});

describe('where a link leads', () => {
	it.each([
		['latest', 'logo.png', 'logo.png'],
		['a/b/link', '../c/./d', 'a/c/d'],
		['link', '/workspace/app/x', 'app/x'],
		['link', '../etc/shadow', undefined],
		['link', '/etc/shadow', undefined],
		['a/link', '/workspace/../etc', undefined],
	])('%s to %s', (path, target, found) => {
		expect(linkTarget(path, target)).toBe(found);
	});
});
