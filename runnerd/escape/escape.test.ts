// Ways out of a sandbox, tried as the student, as the sandbox's own user on the host and from an
// inner container that was given everything: all are shut. And each gets out where its guard is
// missing, so that none is shut by chance.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JudgeSandbox } from '../sandboxes/handle.ts';
import { TestInstance, sh } from '../sandboxes/testing.ts';
import { GUARDS, resources, type Change } from './guards.ts';
import { attempts, attemptsWithout, type Outcome, type Position } from './run.ts';
import { UnguardedWorld } from './unguarded.ts';

const run = promisify(execFile);
/** Its number in the kernel. */
const CAP_SYS_RESOURCE = 24n;

let instance: TestInstance;
let unguarded: UnguardedWorld;
let one: JudgeSandbox;
let other: JudgeSandbox;

beforeAll(async () => {
	instance = await TestInstance.create();
	const sandboxes = await instance.launch();
	const signal = AbortSignal.timeout(120_000);
	[one, other, unguarded] = await Promise.all([
		sandboxes.acquire('judge', { signal }),
		sandboxes.acquire('judge', { signal }),
		UnguardedWorld.create(instance),
	]);
}, 180_000);
afterAll(async () => {
	await unguarded?.[Symbol.asyncDispose]();
	await instance[Symbol.asyncDispose]();
}, 120_000);

const POSITIONS: Position[] = ['the student', "the sandbox's own user", 'an inner container'];

describe.each(POSITIONS)('as %s', (position) => {
	let seen: Map<string, Outcome>;
	beforeAll(async () => {
		const { token } = unguarded.facts;
		await sh(
			other,
			`touch /volume/${token}; setsid python3 -c 'input()' ${token} <> <(:) &> /dev/null &`,
		);
		seen = await attempts(position, {
			engine: instance.engine,
			sandbox: one,
			facts: { ...unguarded.facts },
		});
	}, 150_000);

	test.each(GUARDS.map(({ attempt }) => attempt))('does not get at %s', (attempt) => {
		expect(seen.get(attempt)?.how, seen.get(attempt)?.said).toMatch(/^(kept|absent)$/);
	});

	test('nothing was attempted that is not in the table', () => {
		expect([...seen.keys()].sort()).toEqual(GUARDS.map(({ attempt }) => attempt).sort());
	});
});

describe('without its guard', () => {
	const key = (changes: readonly Change[]) => changes.map(({ name }) => name).join(', ');
	const results = new Map<string, Promise<Map<string, Outcome>>>();

	beforeAll(async () => {
		const groups = Map.groupBy(GUARDS, ({ without }) => key(without));
		const waiting = [...groups];
		const work = async () => {
			for (let next = waiting.shift(); next; next = waiting.shift()) {
				const [name, guards] = next;
				const result = tryWithout(
					guards[0]!.without,
					guards.map(({ attempt }) => attempt),
				);
				results.set(name, result);
				await result.catch(() => {});
			}
		};
		await Promise.all([work(), work(), work(), work()]);
	}, 150_000);

	async function tryWithout(changes: readonly Change[], only: string[]) {
		const { engine } = instance;
		const id = await unguarded.startWithout(changes);
		try {
			return await attemptsWithout(engine, id, unguarded.facts, only);
		} finally {
			await engine.removeContainer(id);
		}
	}

	test.for(GUARDS)('$attempt is got at', async ({ attempt, without }, context) => {
		if (without.includes(resources) && !heldByRoot(CAP_SYS_RESOURCE)) {
			context.skip('this engine has not got the capability to give');
		}
		const outcome = (await results.get(key(without)))?.get(attempt);
		if (outcome?.how === 'absent') context.skip(outcome.said);
		expect(outcome?.how, outcome?.said).toBe('out');
	});
});

test('no process of it is root on the host', async () => {
	const { stdout } = await run('docker', ['top', one.id, '-eo', 'pid,uid']);
	const uids = new Set(
		stdout
			.trim()
			.split('\n')
			.slice(1)
			.map((line) => line.trim().split(/\s+/)[1]),
	);
	expect([...uids].sort()).toEqual(['100000', String(one.uid)].sort());
	expect(one.uid).not.toBe(other.uid);
});

test('a fork bomb and a memory hog end inside', async () => {
	await one.exec(['bash', '-c', 'b() { b | b & }; b; sleep 2'], { timeoutMs: 8000 });
	await one.exec(['python3', '-c', 'x = b"x" * 4_000_000_000'], { timeoutMs: 20_000 });
	expect(await sh(other, 'echo alive')).toBe('alive');
});

/** Whether root may have a capability on this machine, which may be a container itself. */
function heldByRoot(capability: bigint): boolean {
	const [, bounding = '0'] = /^CapBnd:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))!;
	return ((BigInt(`0x${bounding}`) >> capability) & 1n) === 1n;
}
