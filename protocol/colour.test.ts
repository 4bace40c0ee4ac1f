import { expect, it } from 'vitest';
import { colourOf } from './colour.ts';

const student = (id: string) => colourOf({ id, role: 'student' }).colour;
const ta = (id: string) => colourOf({ id, role: 'ta' }).colour;

it('gives a person the same colour every time, and people different ones', () => {
	expect(student('u1')).toBe(student('u1'));
	expect(new Set(Array.from({ length: 40 }, (_, n) => student(`user-${n}`))).size).toBe(4);
});

it('never gives staff a colour that students have', () => {
	const names = Array.from({ length: 40 }, (_, n) => `user-${n}`);
	const students = new Set(names.map(student));
	expect(names.map(ta).filter((colour) => students.has(colour))).toEqual([]);
});
