// kill -9 under typing, of sync, of Postgres and of both: every acknowledged edit is there, deletions
// too, nothing is there twice, and stock clients go on without a word.

import { once } from 'node:events';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { killUnderTyping, Services, Typist } from './kills-testing.ts';
import { until } from './testing.ts';

let services: Services;

beforeAll(async () => {
	services = await Services.start();
});

afterAll(() => services[Symbol.asyncDispose]());

/** The long run is that of `npm run soak`. */
const ROUNDS = process.env['SOAK'] === undefined ? 9 : 300;

test(
	'kill -9 of sync, of Postgres, of both: nothing saved is lost, nothing at all in an open browser, nothing is doubled',
	async () => {
		const noise = [vi.spyOn(console, 'error'), vi.spyOn(console, 'warn')];
		await killUnderTyping(services, ROUNDS, (wrong) =>
			expect(wrong).toEqual({ lost: [], doubled: [] }),
		);
		for (const spy of noise) {
			expect(spy).not.toHaveBeenCalled();
			spy.mockRestore();
		}
	},
	ROUNDS * 60_000,
);

test('with Postgres away, typing goes on as unsaved, and is stored when it is back', async () => {
	const room = await services.room();
	using anna = await services.client(room, 'anna');
	using ben = await services.client(room, 'ben');
	const typing = new Typist('p', anna);
	typing.start('typing');
	// Not all of it at any moment: it types on faster than it is answered.
	await until('something is saved', () => anna.durable > 10);
	await services.killPostgres();
	expect((await fetch(`${services.url}/ready`)).status).toBe(503);
	expect((await fetch(`${services.url}/health`)).status).toBe(200);
	const before = ben.text.length;
	await until('edits still arrive', () => ben.text.length > before + 50);
	expect(anna.saved).toBe(false);
	await services.startPostgres();
	typing.stop();
	await until('saved', () => anna.saved, 20_000);
	await until('ben has it', () => ben.text.toString() === anna.text.toString());
	expect(await services.logged(room)).toBe(anna.text.toString());
	expect((await fetch(`${services.url}/ready`)).status).toBe(200);
}, 60_000);

test('SIGTERM saves everything and asks clients to come back; the log holds no ticket and no word', async () => {
	const room = await services.room();
	using anna = await services.client(room, 'anna');
	await until('in', () => anna.provider.synced);
	const codes: number[] = [];
	anna.provider.on('connection-close', (event) => event && codes.push(event.code));
	anna.text.insert(0, 'last words');
	await until('sent', () => anna.sent === 2);
	await until('received', async () => anna.durable > 0);
	services.sync!.kill('SIGTERM');
	const [code] = (await once(services.sync!, 'exit')) as [number];
	expect([code, codes[0]]).toEqual([0, 4501]);
	await services.startSync();
	await until('saved again', () => anna.saved);
	expect(await services.logged(room)).toBe('last words');
	expect(services.log).toContain('SIGTERM');
	expect(services.log).not.toMatch(/ticket=|last words/);
});
