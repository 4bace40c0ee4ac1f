// What the kernel counts for each user: a sandbox that takes all of it leaves its neighbours theirs,
// and would not if they had a user in common.

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JudgeSandbox } from '../sandbox-handle.ts';
import { TestInstance } from '../sandboxes-testing.ts';
import { EXHAUSTIBLE } from './guards.ts';
import { inContainer } from './run.ts';
import { startLike } from './unguarded.ts';

const PROGRAM = readFileSync(new URL('attempts/exhaust.py', import.meta.url), 'utf8');
const program = (what: string, how: 'take' | 'probe') => ['python3', '-c', PROGRAM, what, how];
/** As entry.sh does: the student's own user namespace, whose counts are its maker's too. */
const AS_STUDENT =
	'unshare --user --map-users 0:100000:65536 --map-groups 0:100000:65536 --setuid 0 --setgid 0 --fork';

let instance: TestInstance;
let one: JudgeSandbox;
let other: JudgeSandbox;

beforeAll(async () => {
	instance = await TestInstance.create();
	const sandboxes = await instance.launch();
	const signal = AbortSignal.timeout(120_000);
	[one, other] = await Promise.all([
		sandboxes.acquire('judge', { signal }),
		sandboxes.acquire('judge', { signal }),
	]);
}, 150_000);
afterAll(() => instance[Symbol.asyncDispose](), 120_000);

/** Resolves once `command` has all there is, and lets go of it at the end. */
async function taking(
	run: (onOutput: () => void, signal: AbortSignal) => Promise<unknown>,
	meanwhile: () => Promise<void>,
): Promise<void> {
	const ended = new AbortController();
	const full = Promise.withResolvers<void>();
	const command = run(full.resolve, ended.signal).then(() => {
		throw new Error('it ended before it had all');
	});
	try {
		await Promise.race([full.promise, command]);
		await meanwhile();
	} finally {
		ended.abort(new Error('enough'));
		await command.catch(() => {});
	}
}

describe.each(EXHAUSTIBLE)('one that takes all $what', ({ what }) => {
	test('leaves a neighbour its own', async () => {
		await taking(
			(onOutput, signal) =>
				one.exec(program(what, 'take'), { timeoutMs: 120_000, onOutput, signal }),
			async () => {
				const probe = await other.exec(program(what, 'probe'), { timeoutMs: 30_000 });
				expect(probe).toMatchObject({ stdout: 'one\n' });
			},
		);
	});

	test('would leave none to a neighbour with the same user', async () => {
		const { engine } = instance;
		const [hog, victim] = await Promise.all([
			startLike(instance, `${instance.name}-sb-hog`, 20_502),
			startLike(instance, `${instance.name}-sb-victim`, 20_502),
		]);
		const asStudent = (how: 'take' | 'probe') => [...AS_STUDENT.split(' '), ...program(what, how)];
		try {
			await taking(
				(onOutput, signal) =>
					engine.exec(hog, { user: '', command: asStudent('take'), onOutput, signal }),
				async () => {
					expect(await inContainer(engine, victim, '', asStudent('probe'))).toBe('none\n');
				},
			);
		} finally {
			await Promise.all([engine.removeContainer(hog), engine.removeContainer(victim)]);
		}
	});
});
