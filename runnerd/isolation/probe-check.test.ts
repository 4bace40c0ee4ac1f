// Each refusal of a sandbox that came up, by the one fact that brings it about; and a real one passes.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '@containrlab/protocol/sandbox.ts';
import { Lifecycle } from '../sandboxes/lifecycle.ts';
import { silentLog, type Log } from '../log.ts';
import { UidSlots } from '../sandboxes/slots.ts';
import { TestInstance, testImages } from '../sandboxes/testing.ts';
import { startLike } from '../escape/unguarded.ts';
import { Isolation } from './isolation.ts';
import { probeCheck, type ProbeFacts } from './probe-check.ts';
import { readLook } from './probe.ts';

const good: ProbeFacts = {
	uid: 20_007,
	limits: { memory: 1024, pids: 512 },
	engine: { uids: [20_007, 100_000], memory: 1024, pids: 512, readonlyRoot: true, binds: [] },
	outside: {
		seccomp: 2,
		effective: 0n,
		bounding: 0xc0n,
		uidMap: ['0 0 4294967295'],
		studentMap: ['0 100000 65536'],
		interfaces: ['lo'],
		canWriteRoot: false,
	},
	inside: { seccomp: 2, interfaces: ['lo', 'outside0', 'docker0'] },
};
const engine = (change: Partial<ProbeFacts['engine']>) => ({
	engine: { ...good.engine, ...change },
});
const outside = (change: Partial<ProbeFacts['outside']>) => ({
	outside: { ...good.outside, ...change },
});
const inside = (change: Partial<ProbeFacts['inside']>) => ({
	inside: { ...good.inside, ...change },
});

test('nothing is found on a sandbox that is held', () => {
	expect(probeCheck(good)).toEqual([]);
	expect(probeCheck({ ...good, ...outside({ bounding: 0n }) })).toEqual([]);
});

test.each<[string, Partial<ProbeFacts>, RegExp]>([
	['a process of root', engine({ uids: [0, 20_007, 100_000] }), /root on the engine/],
	['another user', engine({ uids: [1000, 100_000] }), /runs as 1000/],
	['no process at all', engine({ uids: [] }), /runs as nobody/],
	['a user namespace around it', outside({ uidMap: ['0 231072 65536'] }), /namespace of its own/],
	[
		'a student’s root that is the host’s',
		outside({ studentMap: ['0 0 4294967295'] }),
		/student’s root/,
	],
	['calls that nothing filters', outside({ seccomp: 0 }), /filtered/],
	['calls that nothing filters inside', inside({ seccomp: 0 }), /filtered/],
	['a capability', outside({ effective: 1n }), /capabilities/],
	['a capability within reach', outside({ bounding: 0xc1n }), /capabilities/],
	['a network', outside({ interfaces: ['lo', 'eth0'] }), /network: lo, eth0/],
	['a network inside', inside({ interfaces: ['lo', 'eth0'] }), /network: lo, eth0/],
	['a root that can be written', outside({ canWriteRoot: true }), /written/],
	['a root that the engine left writable', engine({ readonlyRoot: false }), /written/],
	['a path of the host', engine({ binds: ['/host'] }), /paths of the host: \/host/],
	['no limit on memory', engine({ memory: 0 }), /limits/],
	['no limit on processes', engine({ pids: 0 }), /limits/],
])('refuses: %s', (_, change, words) => {
	const [finding, ...rest] = probeCheck({ ...good, ...change });
	expect(rest).toEqual([]);
	expect(finding).toMatchObject({ kind: 'refusal', what: expect.stringMatching(words) });
	expect(finding?.mend).not.toBe('');
});

test('facts that a sandbox doesn’t tell count as bad', () => {
	const nothing = { ...readLook(''), canWriteRoot: false };
	expect(probeCheck({ ...good, outside: nothing })).not.toEqual([]);
	expect(probeCheck({ ...good, inside: nothing })).not.toEqual([]);
});

test('on a real engine the first sandbox is looked at, and the next launch needn’t look', async () => {
	await using instance = await TestInstance.create();
	const file = join(instance.directory, 'isolation');
	const errors: string[] = [];
	const log: Log = { ...silentLog, error: (message) => errors.push(message) };
	const { image, imagesVolume } = testImages();
	const lifecycle = () =>
		new Lifecycle({
			engine: instance.engine,
			slots: new UidSlots(() => []),
			...{ image, imagesVolume, log, onGone: () => {} },
			isolation: new Isolation({ engine: instance.engine, image, file, log }),
		});
	const request = { purpose: 'pool', limits: DEFAULT_LIMITS, signal: AbortSignal.timeout(60_000) };
	const boot = async () => {
		const made = lifecycle();
		const box = await made.boot({ ...request, purpose: 'pool' });
		await made.remove(box, { keepVolume: false });
	};
	await boot();
	expect(errors).toEqual([]);
	const kept = await readFile(file, 'utf8');
	expect(kept).toMatch(/^[0-9a-f]{64}$/);
	// Of another image or engine: looked at again, and kept anew.
	await writeFile(file, 'another');
	await boot();
	expect(await readFile(file, 'utf8')).toBe(kept);
});

test('a sandbox that isn’t held is refused, with what mends it, and not looked at again at once', async () => {
	await using instance = await TestInstance.create();
	const { engine } = instance;
	const { image } = testImages();
	const id = await startLike(instance, `${instance.name}-sb-open`, 20_503, (options) => ({
		...options,
		User: '0:0',
		NetworkDisabled: false,
		HostConfig: { ...options.HostConfig, NetworkMode: 'bridge', ReadonlyRootfs: false },
	}));
	const isolation = new Isolation({ engine, image, file: undefined, log: silentLog });
	isolation.assertNotRefused();
	await expect(isolation.verify({ id, uid: 20_503 }, DEFAULT_LIMITS)).rejects.toMatchObject({
		code: 'unsafe-engine',
		message: expect.stringMatching(/root on the engine.*network: lo, eth0.*written.*daemon\.json/s),
	});
	expect(() => isolation.assertNotRefused()).toThrow(/not safe/);
});
