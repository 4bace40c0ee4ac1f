import { expect, it } from 'vitest';
import { Lanes } from './lanes.ts';

it('does one thing at a time in a lane, in order, whatever became of the one before', async () => {
	const lanes = new Lanes(10, 100);
	const seen: string[] = [];
	const step = (name: string, fails = false) =>
		lanes.run('a', async () => {
			seen.push(`${name} begins`);
			await new Promise((resolve) => setImmediate(resolve));
			seen.push(`${name} ends`);
			if (fails) throw new Error(name);
			return name;
		});
	const all = await Promise.allSettled([step('one', true), step('two'), step('three')]);
	expect(all.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
	const names = ['one', 'two', 'three'];
	expect(seen).toEqual(names.flatMap((name) => [`${name} begins`, `${name} ends`]));
});

it('refuses what is beyond a queue, without holding up other lanes, and recovers', async () => {
	const lanes = new Lanes(2, 3);
	const gate = Promise.withResolvers<string>();
	const wait = (lane: string) => lanes.run(lane, () => gate.promise);
	const [first, second] = [wait('a'), wait('a')];
	expect(await wait('a')).toBeUndefined();
	const elsewhere = wait('b');
	// Now all of them together are full.
	expect(await wait('c')).toBeUndefined();
	gate.resolve('done');
	expect(await Promise.all([first, second, elsewhere])).toEqual(['done', 'done', 'done']);
	expect(await lanes.run('a', async () => 'again')).toBe('again');
});
