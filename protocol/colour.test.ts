import { expect, it } from 'vitest';
import { colourOf } from './colour.ts';

it('gives a person the same colour every time, and people different ones', () => {
	expect(colourOf('u1')).toEqual(colourOf('u1'));
	const used = new Set(Array.from({ length: 40 }, (_, n) => colourOf(`user-${n}`).colour));
	expect(used.size).toBe(6);
});
