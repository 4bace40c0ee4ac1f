// Every attempt to get out of a sandbox, what keeps it in, and the sandbox that lacks just that:
// in which the same attempt gets out, or it would prove nothing. docs/security.md shows this table.

import { readFileSync } from 'node:fs';
import type { ContainerCreateOptions, HostConfig } from 'dockerode';

type SeccompRule = { names: string[]; action: string; args?: object[] };
const sandboxSeccomp = JSON.parse(
	readFileSync(new URL('../sandbox/seccomp.json', import.meta.url), 'utf8'),
) as { syscalls: SeccompRule[] };

/** What an unguarded sandbox may be given of the test's own. */
export type World = {
	/** The neighbour's container, volume and user. */
	neighbour: string;
	neighbourVolume: string;
	neighbourUid: number;
	/** A volume in the place of the shared images; nobody else's. */
	store: string;
	/** The sandbox's image with a setuid program, another one with capabilities, others' ids to map. */
	looseImage: string;
	engineSocket: string;
};

export type Change = {
	name: string;
	apply(options: ContainerCreateOptions, world: World): ContainerCreateOptions;
};

const host = (name: string, change: (host: HostConfig, world: World) => HostConfig): Change => ({
	name,
	apply: (options, world) => ({
		...options,
		HostConfig: { ...options.HostConfig, ...change(options.HostConfig!, world) },
	}),
});

const filter = (name: string, profile: string): Change =>
	host(name, () => ({ SecurityOpt: [`seccomp=${profile}`, 'apparmor=unconfined'] }));

const withMount = (name: string, mount: (world: World) => Mount): Change =>
	host(name, ({ Mounts }, world) => {
		const added = mount(world);
		return { Mounts: [...Mounts!.filter(({ Target }) => Target !== added.Target), added] };
	});
type Mount = NonNullable<HostConfig['Mounts']>[number];

const asRoot: Change = {
	name: 'root of the host',
	apply: (options) => ({ ...options, User: '0:0' }),
};
const capabilities = host('capabilities', () => ({
	CapAdd: (
		'SETUID SETGID DAC_OVERRIDE DAC_READ_SEARCH MKNOD SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT ' +
		'SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_TIME'
	).split(' '),
}));
/** Apart from the others: an engine that is itself contained may not have it to give. */
export const resources = host('the capability SYS_RESOURCE', () => ({ CapAdd: ['SYS_RESOURCE'] }));
const unfiltered = filter('no system-call filter', 'unconfined');
const vsockExcluded = filter(
	'AF_VSOCK excluded, other families allowed',
	profileWith((rules) => [
		...rules.filter(({ names }) => !names.includes('socket')),
		{
			names: ['socket'],
			action: 'SCMP_ACT_ALLOW',
			args: [{ index: 0, value: 40, op: 'SCMP_CMP_NE' }],
		},
	]),
);
const compatAllowed = filter(
	'32-bit calls filtered by name',
	JSON.stringify({
		...sandboxSeccomp,
		archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }],
	}),
);
const writableRoot = host('a writable root', () => ({ ReadonlyRootfs: false }));
const writableStore = withMount('a writable image store', ({ store }) => ({
	Type: 'volume',
	Source: store,
	Target: '/tmpl',
}));
const ownStore = withMount('an image store of its own', ({ store }) => ({
	Type: 'volume',
	Source: store,
	Target: '/tmpl',
	ReadOnly: true,
}));
const handedDevice = host('a device', () => ({
	Devices: [{ PathOnHost: '/dev/kmsg', PathInContainer: '/dev/kmsg', CgroupPermissions: 'r' }],
}));
const hostProcesses = host("the host's process ids", () => ({ PidMode: 'host' }));
const neighbourProcesses = host('process ids in common', (_, { neighbour }) => ({
	PidMode: `container:${neighbour}`,
}));
const neighbourMemory = host('memory in common', (_, { neighbour }) => ({
	IpcMode: `container:${neighbour}`,
}));
const neighbourFiles = withMount("another's volume", ({ neighbourVolume }) => ({
	Type: 'volume',
	Source: neighbourVolume,
	Target: '/neighbour',
}));
/** As whom the student's root appears on the host; it owns the shared images. */
const studentsRoot: Change = {
	name: "the student's root",
	apply: (options) => ({ ...options, User: '100000:100000' }),
};
const sameUser: Change = {
	name: 'a user in common',
	apply: (options, { neighbourUid: uid }) => ({ ...options, User: `${uid}:${uid}` }),
};
const onNetwork = (name: string, mode: (world: World) => string): Change => ({
	name,
	apply: ({ Hostname: _, NetworkDisabled: __, ...options }, world) => ({
		...options,
		HostConfig: { ...options.HostConfig, NetworkMode: mode(world) },
	}),
});
const network = onNetwork("Docker's network", () => 'bridge');
const neighbourNetwork = onNetwork(
	'a network in common',
	({ neighbour }) => `container:${neighbour}`,
);
const hostNetwork = onNetwork("the host's network", () => 'host');
const hostSocket = withMount("the engine's socket", ({ engineSocket }) => ({
	Type: 'bind',
	Source: engineSocket,
	Target: engineSocket,
}));
const looseImage: Change = {
	name: 'another image',
	apply: (options, world) => ({ ...options, Image: world.looseImage }),
};

export type Guard = { attempt: string; guard: string; without: readonly Change[] };

const guard = (attempt: string, words: string, ...without: Change[]): Guard => ({
	attempt,
	guard: words,
	without,
});

const USER = 'an ordinary user of the host';
const NONE = 'an ordinary user without capabilities';
const FILTER = 'the filter of system calls';
const BOTH = 'the filter of system calls, and an ordinary user without capabilities';

export const GUARDS: readonly Guard[] = [
	guard("the host's disk as a device node", NONE, asRoot, capabilities),
	guard("the kernel's log as a device node", NONE, asRoot, capabilities),
	guard('a device that was handed in', 'no devices but the usual', handedDevice),
	guard('the memory of the kernel', NONE, asRoot, capabilities),
	guard('the core pattern', USER, asRoot),
	guard('magic sysrq', USER, asRoot),
	guard("any setting of the host's kernel", USER, asRoot),
	guard('the switches under /sys', NONE, asRoot, capabilities),
	guard('the switches in a /sys of its own', NONE, asRoot, capabilities),
	guard('a release agent of control groups', NONE, asRoot, capabilities),
	guard('its own limits', NONE, asRoot, capabilities),
	guard('the control groups of others', NONE, asRoot, capabilities),
	guard('the messages of the kernel', BOTH, unfiltered, asRoot, capabilities),
	guard('a kernel module', BOTH, unfiltered, asRoot, capabilities),
	guard('another kernel', BOTH, unfiltered, asRoot, capabilities),
	guard('a reboot', BOTH, unfiltered, asRoot, capabilities),
	guard('swap', BOTH, unfiltered, asRoot, capabilities),
	guard('accounting of processes', BOTH, unfiltered, asRoot, capabilities),
	guard('input and output ports', BOTH, unfiltered, asRoot, capabilities),
	guard('the clock', NONE, asRoot, capabilities),
	guard('a file system that the kernel keeps for its root', NONE, asRoot, capabilities),
	guard('where its memory lies in the machine', NONE, asRoot, capabilities),
	guard('where the kernel lies', NONE, asRoot, capabilities),
	guard('what Docker would have masked', USER, asRoot),
	guard('io_uring', FILTER, unfiltered),
	guard('userfaultfd', FILTER, unfiltered),
	guard('bpf', FILTER, unfiltered),
	guard('performance counters', FILTER, unfiltered),
	guard('the keyring', FILTER, unfiltered),
	guard("the kernel's own asynchronous I/O", FILTER, unfiltered),
	guard('the newer calls to mount', FILTER, unfiltered),
	guard('clone3', FILTER, unfiltered),
	guard('a socket to the machine below', FILTER, unfiltered),
	guard(
		'a socket to the machine below, by a number that the kernel shortens',
		'the filter names the families it allows',
		vsockExcluded,
	),
	guard('a socket of a family that nobody needs', FILTER, unfiltered),
	guard('a 32-bit system call', 'the filter knows one architecture', compatAllowed),
	guard('an x32 system call', FILTER, unfiltered),
	guard('a file by its handle', BOTH, unfiltered, asRoot, capabilities),
	guard('tracing a process outside', FILTER, unfiltered),
	guard("reading another process's memory", FILTER, unfiltered),
	guard(
		"the host's files through a process",
		'process ids of its own, and an ordinary user without capabilities',
		hostProcesses,
		asRoot,
		capabilities,
	),
	guard('the namespaces of the processes around it', NONE, hostProcesses, asRoot, capabilities),
	guard('a capability on the host', USER, asRoot),
	guard('another user of the host', USER, asRoot),
	guard(
		"mapping another sandbox's user into a namespace",
		'the range of ids in the image',
		looseImage,
	),
	guard('a setuid program', 'the image has none', looseImage),
	guard('a program with capabilities', 'the image has two, which map ids', looseImage),
	guard('a better place in the queue for the processor', NONE, asRoot, capabilities),
	guard('to be ended after the services when memory runs out', NONE, asRoot, resources),
	guard('more open files than its limit', NONE, asRoot, resources),
	guard('the root file system', 'a read-only root, owned by root', writableRoot, asRoot),
	guard('the shared images', 'a read-only mount', writableStore, studentsRoot),
	guard('the shared images, mounted anew', NONE, ownStore, asRoot, capabilities),
	guard('the files of another sandbox', 'a volume of its own', neighbourFiles),
	guard('the processes of another sandbox', 'process ids of its own', neighbourProcesses),
	guard(
		'a signal to another sandbox',
		'process ids and a user of its own',
		neighbourProcesses,
		sameUser,
	),
	guard('the shared memory of another sandbox', 'memory of its own', neighbourMemory, sameUser),
	guard('a port of the host', 'no network', hostNetwork),
	guard('a port of another sandbox', 'no network', network),
	guard('the metadata address of a cloud', 'no network', neighbourNetwork),
	guard('a network interface that leads outside', 'no network', network),
	guard('an abstract socket of the host', 'no network', hostNetwork),
	guard(
		"the socket of the host's engine",
		'no path of the host, and an ordinary user',
		hostSocket,
		asRoot,
	),
];

/** Of each, a sandbox that takes all there is takes only its own; see exhaustion.test.ts. */
export const EXHAUSTIBLE = [
	{ what: 'inotify instances' },
	{ what: 'inotify watches' },
	{ what: 'message queues' },
] as const;

function profileWith(change: (rules: SeccompRule[]) => SeccompRule[]): string {
	return JSON.stringify({ ...sandboxSeccomp, syscalls: change(sandboxSeccomp.syscalls) });
}
