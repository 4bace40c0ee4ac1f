// Helpers' containers as data. A reader of volumes beside the engine is short-lived; it is the host's
// root as far as files go, so it has no network, can't write, and runs our script alone. A talker
// answers what it is asked for as long as somebody listens, and is nobody at all. The machine's helper
// does so too, and may attach disks and bound groups (host/machine.ts).

import type { ContainerCreateOptions } from 'dockerode';

export const INSTANCE_LABEL = 'containrlab.instance';
export const HELPER_LABEL = 'containrlab.helper';
/** What it reads is a student's, and may be made to be costly. */
const MEMORY = 256 * 1024 ** 2;

export type EngineHelper = {
	image: string;
	/** For `sh`. */
	script: string;
	/** By where they are seen. */
	volumes: ReadonlyMap<string, string>;
	signal: AbortSignal;
};

export function helperOptions(
	name: string,
	instance: string,
	{ image, script, volumes }: EngineHelper,
): ContainerCreateOptions {
	return {
		name,
		Image: image,
		User: '0:0',
		Entrypoint: ['sh', '-c', script],
		Labels: { [INSTANCE_LABEL]: instance, [HELPER_LABEL]: 'reader' },
		NetworkDisabled: true,
		HostConfig: {
			AutoRemove: true,
			NetworkMode: 'none',
			ReadonlyRootfs: true,
			CapDrop: ['ALL'],
			CapAdd: ['DAC_READ_SEARCH'],
			SecurityOpt: ['no-new-privileges'],
			Memory: MEMORY,
			MemorySwap: MEMORY,
			PidsLimit: 32,
			Mounts: Array.from(volumes, ([Target, Source]) => ({
				...{ Type: 'volume' as const, Target, Source, ReadOnly: true },
			})),
			LogConfig: { Type: 'none', Config: {} },
		},
	};
}

export const talkerOptions = (
	name: string,
	instance: string,
	image: string,
	command: readonly string[],
): ContainerCreateOptions => ({
	name,
	Image: image,
	User: '65534:65534',
	Entrypoint: [...command],
	Labels: { [INSTANCE_LABEL]: instance, [HELPER_LABEL]: 'talker' },
	// Its input ends with the connection of the one who attached, and then it ends itself.
	OpenStdin: true,
	StdinOnce: true,
	AttachStdin: true,
	AttachStdout: true,
	AttachStderr: true,
	NetworkDisabled: true,
	HostConfig: {
		AutoRemove: true,
		NetworkMode: 'none',
		ReadonlyRootfs: true,
		CapDrop: ['ALL'],
		SecurityOpt: ['no-new-privileges'],
		Memory: 32 * 1024 ** 2,
		MemorySwap: 32 * 1024 ** 2,
		PidsLimit: 16,
		LogConfig: { Type: 'none', Config: {} },
	},
});

export type MachineHelper = {
	image: string;
	command: readonly string[];
	/** It is root without any capability but these. */
	capabilities: readonly string[];
	/** `<path on the engine's machine>:<path inside>`; volumes' names too. */
	binds: readonly string[];
	/** Devices that it may open, as rules of the device cgroup. */
	devices: readonly string[];
};

export function machineHelperOptions(
	name: string,
	instance: string,
	{ image, command, capabilities, binds, devices }: MachineHelper,
): ContainerCreateOptions {
	return {
		name,
		Image: image,
		User: '0:0',
		WorkingDir: '/tmp',
		Entrypoint: command.slice(0, 1),
		Cmd: command.slice(1),
		Labels: { [INSTANCE_LABEL]: instance, [HELPER_LABEL]: 'machine' },
		AttachStdin: true,
		OpenStdin: true,
		StdinOnce: true,
		NetworkDisabled: true,
		HostConfig: {
			AutoRemove: true,
			NetworkMode: 'none',
			ReadonlyRootfs: true,
			CapDrop: ['ALL'],
			CapAdd: [...capabilities],
			// What it puts into a group, it names by the machine's own number.
			PidMode: 'host',
			// Both forbid mounts, and a disk is tried by mounting it.
			SecurityOpt: ['no-new-privileges', 'seccomp=unconfined', 'apparmor=unconfined'],
			Binds: [...binds],
			DeviceCgroupRules: [...devices],
			Tmpfs: { '/tmp': 'size=1m' },
			Memory: MEMORY,
			MemorySwap: MEMORY,
			PidsLimit: 32,
			LogConfig: { Type: 'none', Config: {} },
		},
	};
}
