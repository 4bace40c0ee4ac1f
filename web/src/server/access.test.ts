import { expect, it } from 'vitest';
import { mayInClass, mayInWorkspace } from './access.ts';

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
	['student', true, 'see edit lower-hand drive submit raise-hand'],
	['student', false, ''],
	['ta', false, 'see edit lower-hand'],
	['ta', true, 'see edit lower-hand drive submit raise-hand'],
	['instructor', false, 'see edit lower-hand'],
] as const)('%s, owner %s: %s', (role, isOwner, expected) => {
	const all = ['see', 'edit', 'lower-hand', 'drive', 'submit', 'raise-hand'] as const;
	const acts = all.filter((act) => mayInWorkspace(role, isOwner, act));
	expect(acts.join(' ')).toBe(expected);
});
