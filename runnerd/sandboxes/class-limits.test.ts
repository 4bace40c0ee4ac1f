// What a class lets its sandboxes use: a warm one, one that runs and a judge's are given it.

import { expect, test } from 'vitest';
import { newId } from '@containrlab/protocol/id.ts';
import { DEFAULT_LIMITS } from '@containrlab/protocol/sandbox.ts';
import type { SandboxHandle } from './handle.ts';
import { TestInstance, ready, sh, startRequest, until } from './testing.ts';

const MB = 1024 ** 2;
/** Bytes, processes and cores; on either version of control groups. */
const READ =
	'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes pids/pids.max cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us 2> /dev/null || cat memory.max pids.max cpu.max';
async function given(sandbox: SandboxHandle): Promise<[number, number, number]> {
	const [memory, pids, quota, period] = (await sh(sandbox, READ)).split(/\s/).map(Number);
	return [memory!, pids!, quota! / period!];
}

test('is given to a warm sandbox, to those that run, and to a judge', async () => {
	await using instance = await TestInstance.create();
	const sandboxes = await instance.launch(2);
	await until('two are warm', () => sandboxes.counts.warm === 2);
	const [mine, other] = [newId(), newId()];
	const limits = { ...DEFAULT_LIMITS, memory: 2048 * MB };
	const [classId, another] = [newId(), newId()];
	sandboxes.start({ ...startRequest(mine), class: classId, limits });
	const box = await ready(sandboxes, mine);
	sandboxes.start({ ...startRequest(other), class: another });
	const neighbour = await ready(sandboxes, other);
	expect(await given(box)).toEqual([2048 * MB, 512, 1]);
	// A shorter idle limit counts, and is seen to count, for one that runs.
	const left = () => {
		const { state } = sandboxes.view(mine)!;
		return state.status === 'ready' ? (state.deadline - Date.now()) / 60_000 : undefined;
	};
	expect(left()).toBeGreaterThan(25);
	sandboxes.start({ ...startRequest(mine, 4), class: classId, limits });
	expect(left()).toBeLessThanOrEqual(4);

	const more = { ...limits, memory: 1024 * MB, cpus: 0.5, pids: 1024 };
	sandboxes.limitClass(classId, more);
	await until('it holds', async () => {
		const [memory, , cores] = await given(box);
		return memory === 1024 * MB && cores === 0.5;
	});
	expect((await given(neighbour))[0]).toBe(DEFAULT_LIMITS.memory);
	// What can't change while it runs comes with the next start.
	sandboxes.restart({ ...startRequest(mine), class: classId, limits: more, fresh: false });
	await until('it ended', () => sandboxes.view(mine)!.state.status !== 'ready');
	expect(await given(await ready(sandboxes, mine))).toEqual([1024 * MB, 1024, 0.5]);

	const signal = AbortSignal.timeout(60_000);
	await using judge = await sandboxes.acquire('judge', { limits: more, signal });
	expect(await given(judge)).toEqual([1024 * MB, 1024, 0.5]);
}, 120_000);

test('a class in session finds warm ones with its own limits, also after a launch', async () => {
	await using instance = await TestInstance.create();
	const [workspace, classId] = [newId(), newId()];
	const limits = { memory: 1024 * MB, cpus: 0.5, pids: 1024, disk: 4096 * MB };
	const lesson = { class: classId, until: Date.now() + 600_000, students: 1, limits };
	const inSession = { classes: [{ ...lesson, warmUntil: lesson.until }] };
	const earlier = await instance.launch();
	earlier.inSession(inSession);
	await until('one is warm', () => earlier.counts.warm === 1);
	await earlier.close();
	const sandboxes = await instance.launch();
	sandboxes.inSession(inSession);
	sandboxes.start({ ...startRequest(workspace), class: classId, limits });
	expect(await given(await ready(sandboxes, workspace))).toEqual([1024 * MB, 1024, 0.5]);
	const states = sandboxes.seen.get(workspace)!;
	expect(states.map((state) => 'phase' in state && state.phase)).not.toContain('booting');
	expect(sandboxes.counts).toEqual({ sandboxes: 1, warm: 0 });
	await sandboxes.close();
}, 120_000);
