import { expect, it } from 'vitest';
import { clock, followServer } from './clock.svelte.ts';

it('tells the server’s time where the laptop’s clock is wrong, and its own where it is right', () => {
	const hour = 3_600_000;
	const off = () => Math.round((clock.now - Date.now()) / 1000);
	followServer(Date.now() - hour);
	expect(off()).toBe(-3600);
	followServer(Date.now() + hour);
	expect(off()).toBe(3600);
	followServer(Date.now() - 2_000);
	expect(off()).toBe(0);
});
