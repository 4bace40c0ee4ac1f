// Whether an engine can hold sandboxes safely, from facts gathered beforehand: pure, so that every
// refusal can be tested without such a machine.

import { z } from 'zod';

/** Of the engine, as `docker info` tells; of the machine where the engine runs on ours. */
export interface EngineFacts {
	osType: string;
	kernel: string;
	driver: string;
	/** '1', '2', or '' where the engine has no cgroups. */
	cgroupVersion: string;
	/** `name=rootless`, `name=userns`, `name=apparmor`, `name=seccomp,profile=…` … */
	securityOptions: string[];
	limits: { memory: boolean; pids: boolean; cpu: boolean };
	/** Undefined for an engine on another machine. */
	machine: MachineFacts | undefined;
}

export interface MachineFacts {
	/** user.max_user_namespaces */
	maxUserNamespaces: number | undefined;
	/** kernel.unprivileged_userns_clone, on Debian's kernels */
	unprivilegedUserns: number | undefined;
	/** kernel.apparmor_restrict_unprivileged_userns, on Ubuntu's */
	apparmorRestrictsUserns: number | undefined;
	/** /etc/passwd */
	accounts: { name: string; uid: number }[];
	/** /etc/subuid */
	subordinate: { name: string; first: number; count: number }[];
}

/** What the engine's `info` says of it. */
export function engineFacts(info: unknown, machine: MachineFacts | undefined): EngineFacts {
	const said = EngineInfo.parse(info);
	return {
		osType: said.OSType,
		kernel: said.KernelVersion,
		driver: said.Driver,
		cgroupVersion: said.CgroupDriver === 'none' ? '' : (said.CgroupVersion ?? '1'),
		securityOptions: said.SecurityOptions ?? [],
		limits: {
			memory: said.MemoryLimit === true,
			pids: said.PidsLimit === true,
			cpu: said.CPUCfsQuota === true || said.CpuCfsQuota === true,
		},
		machine,
	};
}

const EngineInfo = z.object({
	OSType: z.string(),
	KernelVersion: z.string(),
	Driver: z.string(),
	CgroupDriver: z.string(),
	/** Engines before 20.10 don't say. */
	CgroupVersion: z.string().optional(),
	SecurityOptions: z.array(z.string()).nullish(),
	MemoryLimit: z.boolean().optional(),
	PidsLimit: z.boolean().optional(),
	/** Written either way, by the version of the engine. */
	CPUCfsQuota: z.boolean().optional(),
	CpuCfsQuota: z.boolean().optional(),
});

/** A refusal stops the start; a note is said, and the start goes on. */
export interface Finding {
	kind: 'refusal' | 'note';
	what: string;
	mend: string;
}

/** What a sandbox's processes are on the host: one user each, and one shared range inside. */
const SANDBOX_UIDS = [
	{ first: 20_000, count: 512 },
	{ first: 100_000, count: 65_536 },
] as const;

type Check = (facts: EngineFacts) => Finding | undefined;

const refuse = (what: string, mend: string): Finding => ({ kind: 'refusal', what, mend });
const note = (what: string, mend: string): Finding => ({ kind: 'note', what, mend });

const has = (facts: EngineFacts, option: string): boolean =>
	facts.securityOptions.some((entry) => entry.split(',')[0] === `name=${option}`);

const checks: Check[] = [
	({ osType }) =>
		osType === 'linux'
			? undefined
			: refuse(`The engine runs ${osType} containers.`, 'Switch it to Linux containers.'),

	(facts) =>
		has(facts, 'rootless')
			? refuse(
					'The engine is rootless: it could not give each sandbox a user of its own.',
					'Use the system engine: DOCKER_HOST=unix:///var/run/docker.sock npm start',
				)
			: undefined,

	(facts) =>
		has(facts, 'userns')
			? refuse(
					'The engine remaps users (userns-remap): the sandboxes’ own mapping can’t be made inside.',
					'Remove "userns-remap" from /etc/docker/daemon.json, then: sudo systemctl restart docker',
				)
			: undefined,

	(facts) =>
		has(facts, 'seccomp')
			? undefined
			: refuse(
					'The engine filters no system calls (seccomp is off): a sandbox would not be contained.',
					'Use a kernel and an engine with seccomp, as every current distribution has.',
				),

	(facts) =>
		has(facts, 'apparmor')
			? note(
					'Sandboxes run outside AppArmor, whose profile for containers forbids what their own Docker needs.',
					'Their user namespaces, capabilities and system-call filter hold them, as without AppArmor.',
				)
			: undefined,

	(facts) =>
		has(facts, 'selinux')
			? note(
					'The engine labels containers for SELinux, under which sandboxes are untested.',
					'If none comes up, remove "selinux-enabled" from /etc/docker/daemon.json and restart Docker.',
				)
			: undefined,

	({ kernel }) =>
		atLeast(kernel, 5, 11)
			? undefined
			: refuse(
					`The kernel ${kernel} is too old: Docker in a sandbox needs overlay mounts by users (5.11).`,
					'Upgrade the system, or use an engine on a newer one: DOCKER_HOST=… npm start',
				),

	({ driver }) =>
		driver === 'overlay2' || driver === 'overlayfs'
			? undefined
			: refuse(
					`The engine stores images with ${driver}, on which sandboxes are untested and slow.`,
					'Set {"storage-driver": "overlay2"} in /etc/docker/daemon.json, on ext4 or xfs, ' +
						'then: sudo systemctl restart docker',
				),

	({ cgroupVersion, limits }) => {
		const missing = Object.entries(limits).flatMap(([name, there]) => (there ? [] : [name]));
		if (cgroupVersion !== '' && missing.length === 0) return undefined;
		return refuse(
			`The engine can’t limit ${missing.join(', ') || 'anything'}: one sandbox could take the machine down.`,
			'Mount cgroups (systemd does) and start the kernel with cgroup_enable=memory, then restart Docker.',
		);
	},

	({ cgroupVersion }) =>
		cgroupVersion === '1'
			? note(
					'With cgroup version 1, `docker stats`, `pause` and `--memory` don’t work inside sandboxes.',
					'A system with cgroup version 2 may lift that.',
				)
			: undefined,

	({ machine }) =>
		machine?.maxUserNamespaces === 0
			? refuse(
					'User namespaces are switched off.',
					'sudo sysctl -w user.max_user_namespaces=15000 (and in /etc/sysctl.d/ to keep it)',
				)
			: undefined,

	({ machine }) =>
		machine?.unprivilegedUserns === 0
			? refuse(
					'This kernel lets only root make user namespaces.',
					'sudo sysctl -w kernel.unprivileged_userns_clone=1 (and in /etc/sysctl.d/ to keep it)',
				)
			: undefined,

	({ machine }) =>
		machine?.apparmorRestrictsUserns === 1
			? refuse(
					'This kernel restricts user namespaces of ordinary users (AppArmor, as on Ubuntu 24.04).',
					'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 (and in /etc/sysctl.d/ to keep it)',
				)
			: undefined,

	({ machine }) => {
		const same = machine?.accounts.filter(({ uid }) => overlapsSandbox(uid, 1)) ?? [];
		if (same.length === 0) return undefined;
		return refuse(
			`Sandboxes would run as users of this machine: ${same
				.slice(0, 5)
				.map(({ name, uid }) => `${name} (${uid})`)
				.join(', ')}.`,
			'Give them other ids (sudo usermod -u <id> <name>), or use an engine on another machine.',
		);
	},

	({ machine }) => {
		const same = machine?.subordinate.filter(({ first, count }) => overlapsSandbox(first, count));
		if (!same || same.length === 0) return undefined;
		const [range] = same;
		return note(
			`The subordinate ids of ${same.map(({ name }) => name).join(', ')} are also the sandboxes’: ` +
				'rootless containers of theirs would share limits with the sandboxes.',
			`If they use any: sudo usermod --del-subuids ${range!.first}-${range!.first + range!.count - 1} ` +
				`--add-subuids 200000-265535 ${range!.name}`,
		);
	},
];

export function selfCheck(facts: EngineFacts): Finding[] {
	return checks.flatMap((check) => check(facts) ?? []);
}

function overlapsSandbox(first: number, count: number): boolean {
	return SANDBOX_UIDS.some(
		(range) => first < range.first + range.count && range.first < first + count,
	);
}

function atLeast(version: string, major: number, minor: number): boolean {
	const [, a, b] = /^(\d+)\.(\d+)/.exec(version) ?? [];
	return Number(a) > major || (Number(a) === major && Number(b) >= minor);
}
