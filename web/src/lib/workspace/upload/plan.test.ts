import { describe, expect, it } from 'vitest';
import { FILE_LIMITS } from '@containrlab/protocol/path.ts';
import { planUpload, settle } from './plan.ts';

const present = [
	{ id: 'a', kind: 'text', path: 'Dockerfile' },
	{ id: 'b', kind: 'binary', path: 'img/logo.png' },
	{ id: 'c', kind: 'dir', path: 'empty' },
] as const;
const file = (path: string, size = 1) => ({ path, size });

describe('planning an upload', () => {
	it('puts files where they were dropped, and asks about names that are taken', () => {
		const plan = planUpload(present, [file('logo.png'), file('new.png')], 'img');
		expect(plan.free.map((one) => one.path)).toEqual(['img/new.png']);
		expect(plan.clashing).toMatchObject([{ path: 'img/logo.png', replaces: { id: 'b' } }]);
		expect(plan.refused).toEqual([]);
	});

	it.each([
		['../evil', '..'],
		['/etc/passwd', 'leading'],
		['a\\b', 'characters'],
		['\u202egnp.exe', 'characters'],
		['node_modules/x/index.js', 'never synced'],
		['x'.repeat(300), 'too long'],
		['img', 'a folder'],
		['empty', 'a folder'],
		['Dockerfile/x', 'is a file'],
	])('refuses %j and says why', (path, why) => {
		const { refused, free, clashing } = planUpload(present, [file(path)], '');
		expect([...free, ...clashing]).toEqual([]);
		expect(refused[0]?.reason).toContain(why);
	});

	it('holds to the limits of a file and of a workspace', () => {
		const many = Array.from({ length: FILE_LIMITS.files }, (_, n) => file(`f/${n}`));
		const plan = planUpload(present, [file('big', FILE_LIMITS.binary + 1), ...many], '');
		expect(plan.refused[0]).toMatchObject({ path: 'big', reason: expect.stringContaining('8 MB') });
		expect(plan.free).toHaveLength(FILE_LIMITS.files - present.length);
		expect(plan.refused.at(-1)?.reason).toContain(String(FILE_LIMITS.files));
		// What replaces a file makes none more.
		const full = many.map((one, n) => ({ id: `${n}`, kind: 'text' as const, path: one.path }));
		expect(planUpload(full, [file('f/1'), file('f/new')], '').clashing).toHaveLength(1);
	});

	it('takes two spellings of one name for one', () => {
		const plan = planUpload([], [file('caf\u00e9'), file('cafe\u0301')], '');
		expect(plan.free.map((one) => one.path)).toEqual(['caf\u00e9']);
		expect(plan.refused).toHaveLength(1);
	});
});

describe('names that are taken', () => {
	const plan = planUpload(present, [file('Dockerfile'), file('Dockerfile (2)'), file('x')], '');
	const paths = (answer: 'replace' | 'both' | 'skip') =>
		settle(plan, answer, present).map((one) => [one.path, one.replaces?.id]);

	it('are replaced, kept beside, or left alone', () => {
		const free = [
			['Dockerfile (2)', undefined],
			['x', undefined],
		];
		expect(paths('replace')).toEqual([...free, ['Dockerfile', 'a']]);
		expect(paths('both')).toEqual([...free, ['Dockerfile (3)', undefined]]);
		expect(paths('skip')).toEqual(free);
	});

	it('keep their ending when they move aside', () => {
		const clash = planUpload(present, [file('logo.png')], 'img');
		expect(settle(clash, 'both', present)[0]?.path).toBe('img/logo (2).png');
	});
});
