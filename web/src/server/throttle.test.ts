import { expect, it } from 'vitest';
import { Throttle } from './throttle.ts';

const options = {
	...{ free: 2, delayMs: 100, maxDelayMs: 1_000, forgiveMs: 1_000 },
	...{ globalFree: 10, keys: 3 },
};

it('forgives typing errors, then slows that account alone, up to a limit', () => {
	let now = 0;
	const throttle = new Throttle(options, () => now);
	throttle.failed('ada');
	throttle.failed('ada');
	expect(throttle.delay('ada')).toBe(0);
	throttle.failed('ada');
	expect(throttle.delay('ada')).toBe(100);
	for (let n = 0; n < 6; n += 1) throttle.failed('ada');
	expect(throttle.delay('ada')).toBe(1_000);
	expect(throttle.delay('bob')).toBe(0);
	now = 60_000;
	expect(throttle.delay('ada')).toBe(0);
});

it('begins anew after a success', () => {
	const throttle = new Throttle(options, () => 0);
	for (let n = 0; n < 5; n += 1) throttle.failed('ada');
	throttle.succeeded('ada');
	expect(throttle.delay('ada')).toBe(0);
});

it('slows everyone a little when failures are many, whatever accounts they name', () => {
	const throttle = new Throttle(options, () => 0);
	for (let n = 0; n < 11; n += 1) throttle.failed(`account ${n}`);
	expect(throttle.delay('ada')).toBe(100);
});

it('remembers a bounded number of accounts, the latest', () => {
	const throttle = new Throttle({ ...options, globalFree: 1_000 }, () => 0);
	for (let n = 0; n < 4; n += 1) throttle.failed('first');
	for (const other of ['a', 'b', 'c']) throttle.failed(other);
	expect(throttle.delay('first')).toBe(0);
});
