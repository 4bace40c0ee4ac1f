// Each refusal, by the one fact that brings it about.

import { expect, test } from 'vitest';
import { engineFacts, selfCheck, type EngineFacts, type MachineFacts } from './engine-check.ts';

const machine: MachineFacts = {
	maxUserNamespaces: 15_000,
	unprivilegedUserns: 1,
	apparmorRestrictsUserns: 0,
	accounts: [
		{ name: 'root', uid: 0 },
		{ name: 'ada', uid: 1000 },
		{ name: 'nobody', uid: 65_534 },
	],
	subordinate: [],
};
const good: EngineFacts = {
	osType: 'linux',
	kernel: '6.1.0-28-amd64',
	driver: 'overlay2',
	cgroupVersion: '2',
	securityOptions: ['name=seccomp,profile=default'],
	limits: { memory: true, pids: true, cpu: true },
	machine,
};

test('nothing is found on a suitable engine, here or elsewhere', () => {
	expect(selfCheck(good)).toEqual([]);
	expect(selfCheck({ ...good, machine: undefined })).toEqual([]);
	expect(selfCheck({ ...good, kernel: '5.11.0' })).toEqual([]);
});

test.each<[string, Partial<EngineFacts>, RegExp]>([
	['windows', { osType: 'windows' }, /windows/],
	['rootless', { securityOptions: [...good.securityOptions, 'name=rootless'] }, /rootless/],
	['remapped', { securityOptions: [...good.securityOptions, 'name=userns'] }, /userns-remap/],
	['no seccomp', { securityOptions: [] }, /seccomp/],
	['old kernel', { kernel: '5.10.0-33' }, /5\.10/],
	['ancient kernel', { kernel: '4.19.0' }, /4\.19/],
	['odd driver', { driver: 'vfs' }, /vfs/],
	['no cgroups', { cgroupVersion: '' }, /limit/],
	['no memory limit', { limits: { ...good.limits, memory: false } }, /memory/],
	['no namespaces', { machine: { ...machine, maxUserNamespaces: 0 } }, /switched off/],
	['only root', { machine: { ...machine, unprivilegedUserns: 0 } }, /only root/],
	['ubuntu', { machine: { ...machine, apparmorRestrictsUserns: 1 } }, /restricts/],
	[
		'an account in the range of sandboxes',
		{ machine: { ...machine, accounts: [{ name: 'eve', uid: 20_511 }] } },
		/eve \(20511\)/,
	],
	[
		'an account among the students’ roots',
		{ machine: { ...machine, accounts: [{ name: 'eve', uid: 165_535 }] } },
		/eve/,
	],
])('refuses: %s', (_, change, words) => {
	const [finding, ...rest] = selfCheck({ ...good, ...change });
	expect(rest).toEqual([]);
	expect(finding).toMatchObject({ kind: 'refusal', what: expect.stringMatching(words) });
	expect(finding?.mend).not.toBe('');
});

test('the neighbours of the ranges are free', () => {
	const accounts = [19_999, 20_512, 99_999, 165_536].map((uid) => ({ name: `u${uid}`, uid }));
	expect(selfCheck({ ...good, machine: { ...machine, accounts } })).toEqual([]);
});

test('AppArmor is said, not refused', () => {
	const securityOptions = [...good.securityOptions, 'name=apparmor'];
	const [finding, ...rest] = selfCheck({ ...good, securityOptions });
	expect(rest).toEqual([]);
	expect(finding).toMatchObject({ kind: 'note', what: expect.stringMatching(/AppArmor/) });
});

test('SELinux is said, not refused', () => {
	const securityOptions = [...good.securityOptions, 'name=selinux'];
	expect(selfCheck({ ...good, securityOptions })).toMatchObject([
		{ kind: 'note', what: expect.stringMatching(/SELinux/) },
	]);
});

test('what an engine says of itself is read in either spelling, and nothing unsaid is taken for good', () => {
	const info = {
		OSType: 'linux',
		KernelVersion: good.kernel,
		Driver: 'overlay2',
		CgroupDriver: 'systemd',
		CgroupVersion: '2',
		SecurityOptions: good.securityOptions,
		MemoryLimit: true,
		PidsLimit: true,
		CpuCfsQuota: true,
	};
	expect(engineFacts(info, machine)).toEqual(good);
	expect(engineFacts({ ...info, CpuCfsQuota: undefined, CPUCfsQuota: true }, machine)).toEqual(
		good,
	);
	const { MemoryLimit: _, SecurityOptions: __, ...rest } = info;
	const findings = selfCheck(engineFacts({ ...rest, CgroupDriver: 'none' }, machine));
	expect(findings.map(({ what }) => what).join(' ')).toMatch(/seccomp is off.*can’t limit memory/);
});

test('a shared subordinate range and cgroup version 1 are said, not refused', () => {
	const subordinate = [{ name: 'ada', first: 100_000, count: 65_536 }];
	const findings = selfCheck({ ...good, cgroupVersion: '1', machine: { ...machine, subordinate } });
	expect(findings.map(({ kind }) => kind)).toEqual(['note', 'note']);
	expect(findings[1]?.mend).toContain('--del-subuids 100000-165535');
});
