import { expect, it } from 'vitest';
import { mayInClass, mayInWorkspace, mayReissueReturnCode } from './access.ts';

it('lets staff teach, and everyone in the class see it', () => {
	expect(mayInClass('instructor', 'teach')).toBe(true);
	expect(mayInClass('ta', 'teach')).toBe(true);
	expect(mayInClass('student', 'teach')).toBe(false);
	expect(mayInClass('student', 'see')).toBe(true);
	const administers = (['instructor', 'ta', 'student'] as const).filter((role) =>
		mayInClass(role, 'administer'),
	);
	expect(administers).toEqual(['instructor']);
});

it.each([
	['student', true, 'see edit restart reset lower-hand withdraw drive submit raise-hand be-here'],
	['student', false, ''],
	['ta', false, 'see edit restart reset lower-hand withdraw judge-again override'],
	[
		'ta',
		true,
		'see edit restart reset lower-hand withdraw drive submit raise-hand be-here judge-again override',
	],
	['instructor', false, 'see edit restart reset lower-hand withdraw judge-again override'],
] as const)('%s, owner %s: %s', (role, isOwner, expected) => {
	const all = [
		...(['see', 'edit', 'restart', 'reset', 'lower-hand', 'withdraw'] as const),
		...(['drive', 'submit', 'raise-hand', 'be-here', 'judge-again', 'override'] as const),
	];
	const acts = all.filter((act) => mayInWorkspace(role, isOwner, act));
	expect(acts.join(' ')).toBe(expected);
});

it('lets staff be trusted with a return code only where they may see everything it opens', () => {
	const ask = (...roles: Parameters<typeof mayReissueReturnCode>[1]) =>
		mayReissueReturnCode({ admin: false }, roles);
	expect(ask({ role: 'student', other: 'ta' })).toBe(true);
	expect(ask({ role: 'student', other: 'instructor' })).toBe(true);
	expect(ask({ role: 'ta', other: 'instructor' })).toBe(true);
	expect(ask({ role: 'ta', other: 'ta' })).toBe(false);
	expect(ask({ role: 'instructor', other: 'instructor' })).toBe(false);
	expect(ask({ role: 'student', other: 'student' })).toBe(false);
	expect(ask({ role: 'student', other: 'ta' }, { role: 'student', other: null })).toBe(false);
	expect(mayReissueReturnCode({ admin: true }, [{ role: 'student', other: null }])).toBe(true);
});
