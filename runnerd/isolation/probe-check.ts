// Whether a sandbox that came up is held by all that should hold it, from what was seen of it: pure,
// so that every refusal can be tested without an engine that fails to keep its word.

import type { Finding } from './engine-check.ts';

export type ProbeFacts = {
	/** The user it was to run as. */
	uid: number;
	limits: { memory: number; pids: number };
	/** As the engine sees its container. */
	engine: {
		/** Of its processes, on the engine's host. */
		uids: number[];
		/** Bytes and processes; 0 where the engine sets no limit. */
		memory: number;
		pids: number;
		readonlyRoot: boolean;
		/** Where paths of the host would be. */
		binds: string[];
	};
	/** As a process outside of the student's namespaces sees itself. */
	outside: {
		/** 2: calls are filtered. */
		seccomp: number;
		effective: bigint;
		bounding: bigint;
		/** Rows of `<inside> <outside> <count>`. */
		uidMap: string[];
		/** Of the student's processes, seen from here. */
		studentMap: string[];
		interfaces: string[];
		canWriteRoot: boolean;
	};
	/** As the student does. */
	inside: { seccomp: number; interfaces: string[] };
};

/** SETGID and SETUID, for the two programs that map ids. */
const BOUNDING = (1n << 6n) | (1n << 7n);
const SUBORDINATE = { first: 100_000, count: 65_536 };

const refuse = (what: string, mend: string): Finding => ({ kind: 'refusal', what, mend });

const RECREATE = 'Look in /etc/docker/daemon.json for what changes every container, and remove it.';
const SECCOMP = 'Use an engine and a runtime with seccomp: docker info must name it.';
const MAPPED =
	'Remove "userns-remap" from /etc/docker/daemon.json, use no rootless engine, and restart Docker.';
const NETWORK = `The sandbox must have no network. ${RECREATE}`;

type Check = (facts: ProbeFacts) => Finding | undefined;

const checks: Check[] = [
	({ engine, uid }) => {
		const strange = engine.uids.filter((one) => one !== uid && !isSubordinate(one));
		if (strange.length === 0 && engine.uids.includes(uid)) return undefined;
		return refuse(
			strange.includes(0)
				? 'A process of a sandbox is root on the engine’s host.'
				: `A sandbox runs as ${engine.uids.join(', ') || 'nobody'} instead of as ${uid}.`,
			MAPPED,
		);
	},
	({ outside }) =>
		same(outside.uidMap, ['0 0 4294967295'])
			? undefined
			: refuse('The engine puts sandboxes into a user namespace of its own.', MAPPED),
	({ outside }) =>
		same(outside.studentMap, [`0 ${SUBORDINATE.first} ${SUBORDINATE.count}`])
			? undefined
			: refuse(
					'The student’s root isn’t the ordinary user of the host that it should be.',
					'Make the sandbox image anew: docker image rm the containrlab/sandbox images, then npm start',
				),
	({ outside, inside }) =>
		outside.seccomp === 2 && inside.seccomp === 2
			? undefined
			: refuse('The system calls of a sandbox aren’t filtered.', SECCOMP),
	({ outside }) =>
		outside.effective === 0n && (outside.bounding & ~BOUNDING) === 0n
			? undefined
			: refuse('A sandbox holds capabilities that it was not given.', RECREATE),
	({ outside }) =>
		same(outside.interfaces, ['lo'])
			? undefined
			: refuse(`A sandbox has a network: ${outside.interfaces.join(', ')}.`, NETWORK),
	({ inside }) =>
		inside.interfaces.some((name) => !/^(lo|outside0|docker0)$/.test(name))
			? refuse(`The student has a network: ${inside.interfaces.join(', ')}.`, NETWORK)
			: undefined,
	({ engine, outside }) =>
		engine.readonlyRoot && !outside.canWriteRoot
			? undefined
			: refuse('The root file system of a sandbox can be written.', RECREATE),
	({ engine }) =>
		engine.binds.length === 0
			? undefined
			: refuse(`A sandbox sees paths of the host: ${engine.binds.join(', ')}.`, RECREATE),
	({ engine, limits }) =>
		engine.memory === limits.memory && engine.pids === limits.pids
			? undefined
			: refuse(
					'The engine doesn’t keep to the limits on memory and processes: one sandbox could take the machine down.',
					'Start the kernel with cgroup_enable=memory, mount cgroups (systemd does), and restart Docker.',
				),
];

export function probeCheck(facts: ProbeFacts): Finding[] {
	return checks.flatMap((check) => check(facts) ?? []);
}

const isSubordinate = (uid: number): boolean =>
	uid >= SUBORDINATE.first && uid < SUBORDINATE.first + SUBORDINATE.count;

const same = (seen: readonly string[], expected: readonly string[]): boolean =>
	seen.length === expected.length && seen.every((one, index) => one === expected[index]);
