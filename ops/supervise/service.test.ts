// Supervision, with real processes: started again after kill -9, never after a stop, gone with us.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endLeftovers, rememberedPid, rememberPid, startTime } from './identity.ts';
import { FIRST_DELAY_MS, HEALTHY_MS, LAST_DELAY_MS, nextDelay, Service } from './service.ts';

/** Says that it is ready and ends when its standard input does, as every service of ours. */
const OBEDIENT = `console.log('ready here'); process.stdin.resume(); process.stdin.on('end', () => process.exit(0)); process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1e6);`;
const DEAF = `process.on('SIGTERM', () => {}); console.log('ready here'); setInterval(() => {}, 1e6);`;

let dir: string;
const started: Service[] = [];
beforeEach(() => {
	dir = mkdtempSync(join(tmpdir(), 'containrlab-service-'));
});
afterEach(async () => {
	await Promise.all(started.splice(0).map((service) => service.stop()));
	rmSync(dir, { recursive: true, force: true });
});

function service(script: string, graceMs = 5_000): { service: Service; lines: string[] } {
	const lines: string[] = [];
	const made = new Service({
		name: 'test',
		command: [process.execPath, '-e', script],
		env: {},
		log: (line) => lines.push(line),
		graceMs,
	});
	started.push(made);
	return { service: made, lines };
}

test('kill -9 brings a new process, and a stop none', async () => {
	const { service: one } = service(OBEDIENT);
	one.start();
	await one.ready(10_000);
	const first = one.pid!;
	const waiting = once(one, 'state');
	process.kill(first, 'SIGKILL');
	expect((await waiting)[0]).toEqual({ status: 'waiting', again: FIRST_DELAY_MS });
	await one.ready(10_000);
	expect(one.pid).not.toBe(first);
	expect(startTime(first)).toBeUndefined();

	const second = one.pid!;
	await one.stop();
	expect(one.state).toEqual({ status: 'stopped' });
	expect(startTime(second)).toBeUndefined();
	await expect(one.ready(1_000)).rejects.toThrow('stopped');
});

test.runIf(process.getuid?.() === 0 && existsSync('/proc/self/autogroup'))(
	'a service goes before other sessions, in each of its lives',
	async () => {
		const { service: one } = service(OBEDIENT);
		const nice = () => readFileSync(`/proc/${one.pid}/autogroup`, 'utf8').trim().split(' ').at(-1);
		one.start();
		await one.ready(10_000);
		expect(nice()).toBe('-10');
		const waiting = once(one, 'state');
		process.kill(one.pid!, 'SIGKILL');
		await waiting;
		await one.ready(10_000);
		expect(nice()).toBe('-10');
	},
);

test('a service that can’t live is tried ever less often', async () => {
	const { service: one, lines } = service('process.exit(3)');
	const delays: number[] = [];
	const { promise, resolve } = Promise.withResolvers<void>();
	one.on('state', (state) => {
		if (state.status === 'waiting' && delays.push(state.again) === 3) resolve();
	});
	one.start();
	await promise;
	expect(delays).toEqual([FIRST_DELAY_MS, FIRST_DELAY_MS * 2, FIRST_DELAY_MS * 4]);
	expect(lines[0]).toContain('status 3');
});

test('the delay is bounded, and a long life forgives', () => {
	expect(nextDelay(LAST_DELAY_MS, 0)).toBe(LAST_DELAY_MS);
	expect(nextDelay(LAST_DELAY_MS, HEALTHY_MS)).toBe(FIRST_DELAY_MS);
});

test('who doesn’t heed SIGTERM is killed after its grace', async () => {
	const { service: one } = service(DEAF, 200);
	one.start();
	await one.ready(10_000);
	const pid = one.pid!;
	await one.stop();
	expect(startTime(pid)).toBeUndefined();
});

test('a program that isn’t there is a reason in the log, not a crash of the supervisor', async () => {
	const lines: string[] = [];
	const one = new Service({
		name: 'test',
		command: [join(dir, 'missing')],
		env: {},
		log: (line) => lines.push(line),
	});
	started.push(one);
	one.start();
	await expect.poll(() => lines.join('\n')).toContain('ENOENT');
});

test('children end with a supervisor that is killed', async () => {
	const module = new URL('./service.ts', import.meta.url).href;
	const script = `
		const { Service } = await import(${JSON.stringify(module)});
		const service = new Service({ name: 'test', command: [process.execPath, '-e', ${JSON.stringify(OBEDIENT)}], env: {}, log: () => {} });
		service.start();
		await service.ready(10_000);
		console.log(service.pid);`;
	const supervisor = spawn(process.execPath, ['--input-type=module', '-e', script], {
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	const [line] = (await once(supervisor.stdout, 'data')) as [Buffer];
	const pid = Number(line.toString());
	expect(startTime(pid)).toBeDefined();
	supervisor.kill('SIGKILL');
	await expect.poll(() => startTime(pid), { timeout: 10_000 }).toBeUndefined();
});

test('leftovers are ended, strangers with the same number are not', async () => {
	const child = spawn(process.execPath, ['-e', DEAF], { stdio: ['ignore', 'pipe', 'ignore'] });
	const stranger = spawn(process.execPath, ['-e', OBEDIENT], { stdio: ['pipe', 'pipe', 'ignore'] });
	await Promise.all([once(child.stdout, 'data'), once(stranger.stdout, 'data')]);
	rememberPid(dir, 'sync', stranger.pid!);
	const [pid, begun] = readFileSync(join(dir, 'sync.pid'), 'utf8').trim().split(' ');
	writeFileSync(join(dir, 'sync.pid'), `${pid} ${Number(begun) - 1}`);
	writeFileSync(join(dir, 'web.pid'), 'garbage');
	child.kill('SIGKILL');
	await once(child, 'exit');
	rememberPid(dir, 'supervisor', process.pid);

	expect(await endLeftovers(dir, 'supervisor')).toEqual([]);
	expect(startTime(stranger.pid!)).toBeDefined();
	expect(rememberedPid(dir, 'supervisor')).toBe(process.pid);

	rememberPid(dir, 'sync', stranger.pid!);
	expect(await endLeftovers(dir, 'supervisor')).toEqual(['sync']);
	expect(startTime(stranger.pid!)).toBeUndefined();
});
