import { expect, test } from 'vitest';
import { testAgent } from '../agent/testing.ts';
import { TEACHER, TestRunner } from './testing.ts';

/** Parsing tens of megabytes takes its time where other tests run beside it (ms). */
const FLOOD = 100_000;

test(
	'a watcher that reads nothing holds up nobody, and gets a snapshot when it reads again',
	{ timeout: 2 * FLOOD },
	async () => {
		await using agent = await testAgent();
		await using runner = await TestRunner.start(agent.open);
		const driver = await runner.join();
		const slow = await runner.join(TEACHER, 'read');
		slow.socket.pause();
		const began = performance.now();
		driver.type('seq 1 1500000; echo end-$((1+1))\r');
		await driver.shows('end-2', FLOOD);
		const seconds = (performance.now() - began) / 1000;
		// Nobody is sent more than they could read, the driver included: half a megabyte a second.
		expect(driver.received).toBeLessThan((1.1 + 0.55 * seconds) * 1024 * 1024);
		slow.socket.resume();
		await slow.shows('end-2', FLOOD);
		expect(slow.count('snapshot')).toBeGreaterThan(1);
		driver.type('echo more-$((1+1))\r');
		await slow.shows('more-2');
		await driver.shows('more-2');
		expect(slow.text()).toBe(driver.text());
	},
);

test('a page whose screen is behind skips too, the driver included', async () => {
	await using agent = await testAgent();
	await using runner = await TestRunner.start(agent.open);
	const driver = await runner.join();
	const fast = await runner.join(TEACHER, 'read');
	driver.say({ type: 'ack', bytes: 1 });
	driver.silent = true;
	driver.type('seq 1 400000; echo end-$((1+1))\r');
	await fast.shows('end-2');
	expect(driver.received).toBeLessThan(1024 * 1024);
	expect(driver.text()).not.toContain('end-2');
	driver.silent = false;
	driver.say({ type: 'ack', bytes: driver.received });
	await driver.shows('end-2');
	expect(driver.count('snapshot')).toBe(2);
});
