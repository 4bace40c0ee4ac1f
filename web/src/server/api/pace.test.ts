// The bound on how often one person may ask for work.

import { expect, it } from 'vitest';
import { Pace } from './pace.ts';

it('lets a burst through, then says how long to wait, and others go on', () => {
	let now = 0;
	const pace = new Pace({ burst: 3, perSecond: 0.5 }, () => now);
	expect([1, 2, 3].map(() => pace.take('ada'))).toEqual([0, 0, 0]);
	expect(pace.take('ada')).toBe(2);
	expect(pace.take('bob')).toBe(0);
	now = 1_999;
	expect(pace.take('ada')).toBe(1);
	now = 2_000;
	expect([pace.take('ada'), pace.take('ada')]).toEqual([0, 2]);
	now = 3_600_000;
	expect([1, 2, 3, 4].map(() => pace.take('ada'))).toEqual([0, 0, 0, 2]);
});

it('remembers so many people and no more', () => {
	const pace = new Pace({ burst: 1, people: 2 }, () => 0);
	for (const person of ['ada', 'bob', 'cleo']) expect(pace.take(person)).toBe(0);
	expect(pace.take('cleo')).toBe(1);
	expect(pace.take('ada')).toBe(0);
});

it('takes a clock that is set back for one that stands', () => {
	let now = 10_000;
	const pace = new Pace({ burst: 1, perSecond: 1 }, () => now);
	expect(pace.take('ada')).toBe(0);
	now = 0;
	expect(pace.take('ada')).toBe(1);
});
