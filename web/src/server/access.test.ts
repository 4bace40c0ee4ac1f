import { expect, it } from 'vitest';
import { mayInClass, mayInWorkspace } from './access.ts';

it('lets staff teach, and everyone in the class see it', () => {
	expect(mayInClass('instructor', 'teach')).toBe(true);
	expect(mayInClass('ta', 'teach')).toBe(true);
	expect(mayInClass('student', 'teach')).toBe(false);
	expect(mayInClass('student', 'see')).toBe(true);
});

it.each([
	['student', true, 'see edit drive submit'],
	['student', false, ''],
	['ta', false, 'see edit'],
	['ta', true, 'see edit drive submit'],
	['instructor', false, 'see edit'],
] as const)('%s, owner %s: %s', (role, isOwner, expected) => {
	const acts = (['see', 'edit', 'drive', 'submit'] as const).filter((act) =>
		mayInWorkspace(role, isOwner, act),
	);
	expect(acts.join(' ')).toBe(expected);
});
