// The container of a sandbox as data: what makes it safe is all in this one object.

import { readFileSync } from 'node:fs';
import type { ContainerCreateOptions } from 'dockerode';
import type { SandboxLimits } from '@containrlab/protocol/sandbox.ts';

export type SandboxPurpose = 'pool' | 'workspace' | 'judge';

export const LABELS = {
	/** Our id of the sandbox. */
	sandbox: 'containrlab.sandbox',
	/** What it was created for; a claim changes that in our state, labels can't change. */
	purpose: 'containrlab.purpose',
	uid: 'containrlab.uid',
	volume: 'containrlab.volume',
	/** What it has for good: bytes of its disk, and processes. */
	disk: 'containrlab.disk',
	pids: 'containrlab.pids',
} as const;

export type SandboxSpec = {
	id: string;
	name: string;
	purpose: SandboxPurpose;
	image: string;
	volume: string;
	uid: number;
	limits: SandboxLimits;
	imagesVolume: string | undefined;
	/** With the mirror's sockets. */
	mirrorVolume?: string | undefined;
	cgroupParent: string;
};

/**
 * Of the processes that a sandbox may have: these are not for the student's shells and containers, so
 * that its daemon, its agent and what enters it go on when those multiply (sandbox/lib/bounds.sh).
 */
export const RESERVED_PIDS = 192;

/**
 * How often its cores are given out anew; µs. Four busy loops spend one core's share on all four cores
 * in a quarter of it, and whoever wakes up there meanwhile waits. With the kernel's usual 100 ms a
 * neighbour's keys then took more than twice their time (p95), with this they don't.
 */
const CPU_PERIOD = 10_000;
export const cpuLimit = (cpus: number) => ({
	CpuPeriod: CPU_PERIOD,
	CpuQuota: Math.round(cpus * CPU_PERIOD),
});

const seccomp = JSON.stringify(
	JSON.parse(readFileSync(new URL('../sandbox/seccomp.json', import.meta.url), 'utf8')),
);

/** systemd only takes slices, cgroupfs takes any path. */
export const cgroupParent = (driver: string): string =>
	driver === 'systemd' ? 'containrlab.slice' : '/containrlab';

export function containerOptions(spec: SandboxSpec): ContainerCreateOptions {
	return {
		name: spec.name,
		Image: spec.image,
		Hostname: 'sandbox',
		User: `${spec.uid}:${spec.uid}`,
		Labels: {
			[LABELS.sandbox]: spec.id,
			[LABELS.purpose]: spec.purpose,
			[LABELS.uid]: String(spec.uid),
			[LABELS.volume]: spec.volume,
			[LABELS.disk]: String(spec.limits.disk),
			[LABELS.pids]: String(spec.limits.pids),
		},
		// Its own namespace with a loopback, and nothing to do for Docker's network code: that takes more
		// than half of a start, and Docker 20.10 stands still for ever when two ends meet in it.
		NetworkDisabled: true,
		HostConfig: {
			NetworkMode: 'none',
			ReadonlyRootfs: true,
			Init: true,
			// newuidmap and newgidmap need these two in the bounding set; no process holds them.
			CapDrop: ['ALL'],
			CapAdd: ['SETUID', 'SETGID'],
			// AppArmor's profile for containers forbids every mount, and a Docker daemon must mount. What it
			// would guard besides is closed to these uids anyway. Without AppArmor this says nothing.
			SecurityOpt: [`seccomp=${seccomp}`, 'apparmor=unconfined'],
			// A nested /proc can only be mounted where nothing covers the outer one. What that uncovers
			// is closed to every uid but 0, and nothing here ever runs as 0.
			MaskedPaths: [],
			ReadonlyPaths: [],
			CgroupParent: spec.cgroupParent,
			// Among the sandboxes; against our services it is their parent's weight that counts. When
			// memory runs out, they are the first to be ended.
			CpuShares: spec.purpose === 'judge' ? 128 : 256,
			OomScoreAdj: 500,
			Memory: spec.limits.memory,
			MemorySwap: spec.limits.memory,
			...cpuLimit(spec.limits.cpus),
			PidsLimit: spec.limits.pids,
			Ulimits: [{ Name: 'nofile', Soft: 4096, Hard: 8192 }],
			Tmpfs: {
				'/run/sbx': `uid=${spec.uid},gid=${spec.uid},mode=755,size=64k`,
				'/tmp': 'mode=1777,size=256m',
			},
			Mounts: [
				{ Type: 'volume', Source: spec.volume, Target: '/volume' },
				...readOnly(spec.imagesVolume, '/tmpl'),
				...readOnly(spec.mirrorVolume, '/mirror'),
			],
			LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '1' } },
		},
	};
}

const readOnly = (volume: string | undefined, Target: string) =>
	volume ? [{ Type: 'volume' as const, Source: volume, Target, ReadOnly: true }] : [];
