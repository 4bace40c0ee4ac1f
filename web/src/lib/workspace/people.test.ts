import { describe, expect, it } from 'vitest';
import { colourOf } from '@containrlab/protocol/colour.ts';
import { initials, present } from './people.ts';

const entry = (id: string, name: string, file: string | null = null, role = 'student') => ({
	user: { id, name, role },
	file,
	cursor: null,
});

describe('present', () => {
	it('shows a person once, however many browsers they have open', () => {
		const people = present(
			new Map<number, unknown>([
				[1, entry('u1', 'Ada', 'f1')],
				[2, entry('u1', 'Ada', 'f2')],
				[3, entry('u1', 'Ada', 'f2')],
			]),
			'u9',
			'u1',
		);
		expect(people).toEqual([
			{
				...{ id: 'u1', name: 'Ada', role: 'owner', files: ['f1', 'f2'], me: false },
				colour: colourOf({ id: 'u1', role: 'student' }),
			},
		]);
	});

	it('puts me first, then the owner, then by name', () => {
		const people = present(
			new Map<number, unknown>([
				[1, entry('u3', 'Zoe')],
				[2, entry('u4', 'Bo')],
				[3, entry('u1', 'Yan')],
				[4, entry('u2', 'Me', null, 'ta')],
			]),
			'u2',
			'u1',
		);
		expect(people.map((person) => person.id)).toEqual(['u2', 'u1', 'u4', 'u3']);
		expect(people.map((person) => person.role)).toEqual(['staff', 'owner', 'member', 'member']);
	});

	it('does not show services as people', () => {
		const states = new Map([[1, entry('shell:u1', 'Ada', null, 'service')]]);
		expect(present(states, 'u1', 'u1')).toEqual([]);
	});

	it('passes over entries that are not ours', () => {
		const states = new Map<number, unknown>([
			[1, null],
			[2, { user: 'Ada' }],
			[3, { user: { id: 'x', name: '' } }],
			[4, {}],
		]);
		expect(present(states, 'u1', 'u1')).toEqual([]);
	});

	it('keeps a person whose cursor makes no sense', () => {
		const states = new Map<number, unknown>([[1, { ...entry('u1', 'Ada'), cursor: 7, file: {} }]]);
		expect(present(states, 'u2', 'u1')).toMatchObject([{ id: 'u1', files: [] }]);
	});
});

it('takes initials by character, not by code unit', () => {
	expect(initials('Ada Lovelace')).toBe('AL');
	expect(initials('  ada ')).toBe('A');
	expect(initials('😀 Smith')).toBe('😀S');
	expect(initials('')).toBe('');
});
