// Two other ways to give somebody a Docker daemon of their own, to compare a sandbox's start with:
// `dockerd-rootless.sh`, and the ordinary daemon; both privileged, and without images.

import { readFile } from 'node:fs/promises';
import type Docker from 'dockerode';
import { newId } from '@containrlab/protocol/id.ts';
import { DEFAULT_LIMITS } from '@containrlab/protocol/sandbox.ts';
import { cgroupParent } from '@containrlab/runnerd/sandboxes/spec.ts';
import { build, imageId, imageName } from '../../images/build.ts';
import { unframe } from '../../images/container.ts';

export interface Peer {
	user: string;
	/** Where the daemon's data is: overlay2 needs a volume there. */
	data: string;
	socket: string;
	env: string[];
	command: string[];
}

export const PEERS = {
	rootless: {
		user: '1000:1000',
		data: '/home/peer/.local/share/docker',
		socket: '/run/user/1000/docker.sock',
		env: ['HOME=/home/peer', 'XDG_RUNTIME_DIR=/run/user/1000'],
		command: ['/usr/share/docker.io/contrib/dockerd-rootless.sh'],
	},
	privileged: {
		user: '0:0',
		data: '/var/lib/docker',
		socket: '/var/run/docker.sock',
		env: ['HOME=/root'],
		command: ['sh', '-c', 'mount -o remount,rw /sys/fs/cgroup; exec dockerd'],
	},
} as const satisfies Record<string, Peer>;

const SECONDS = 60;

/**
 * What `--privileged` gives, spelled out: on machines whose own root lacks a capability it can't be
 * had. The one that is left out here is not needed by a daemon that starts.
 */
const PRIVILEGED: Docker.HostConfig = {
	CapAdd: ['ALL'],
	CapDrop: ['SYS_RESOURCE'],
	SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'],
	MaskedPaths: [],
	ReadonlyPaths: [],
	DeviceCgroupRules: ['a *:* rwm'],
	Devices: [
		{ PathOnHost: '/dev/net/tun', PathInContainer: '/dev/net/tun', CgroupPermissions: 'rwm' },
	],
};

/** The image of both, made from the sandbox's. */
export async function peerImage(docker: Docker, sandbox: string): Promise<string> {
	const bytes = await readFile(new URL('peers.Dockerfile', import.meta.url));
	const recipe = {
		repository: 'containrlab/bench-peers',
		files: [{ path: 'Dockerfile', mode: 0o644, bytes }],
		dockerfile: 'Dockerfile',
		args: { SANDBOX: sandbox },
	};
	const name = imageName(recipe);
	if (!(await imageId(docker, name))) await build(docker, recipe, () => {});
	return name;
}

/** Milliseconds from the container's creation until `docker version` answers in it. */
export async function peerStart(docker: Docker, image: string, peer: Peer): Promise<number> {
	const name = `containrlab-bench-${newId(8)}`;
	const { CgroupDriver } = (await docker.info()) as { CgroupDriver: string };
	const begun = performance.now();
	await docker.createVolume({ Name: name });
	const container = await docker.createContainer({
		name,
		...optionsOf(name, image, peer, cgroupParent(CgroupDriver)),
	});
	try {
		await container.start();
		await answers(container, peer);
		return performance.now() - begun;
	} catch (cause) {
		const log = unframe(await container.logs({ stdout: true, stderr: true, tail: 20 }));
		throw new Error(`${peer.command.join(' ')} did not start: ${log}`, { cause });
	} finally {
		await container.remove({ force: true, v: true });
		await docker.getVolume(name).remove();
	}
}

/** With a judge sandbox's share of the machine, and like a sandbox that starts, all idle cores. */
const optionsOf = (
	volume: string,
	image: string,
	peer: Peer,
	parent: string,
): Docker.ContainerCreateOptions => ({
	Image: image,
	User: peer.user,
	Env: [...peer.env, `DOCKER_HOST=unix://${peer.socket}`],
	Cmd: peer.command,
	HostConfig: {
		Init: true,
		...PRIVILEGED,
		CgroupParent: parent,
		CpuShares: 128,
		Memory: DEFAULT_LIMITS.memory,
		PidsLimit: DEFAULT_LIMITS.pids,
		Mounts: [{ Type: 'volume', Source: volume, Target: peer.data }],
	},
});

/** As runnerd does it: one command that waits for the daemon, then the question. */
async function answers(container: Docker.Container, peer: Peer): Promise<void> {
	const wait = `until curl -fs -o /dev/null --unix-socket ${peer.socket} http://localhost/_ping; do
		[ $SECONDS -lt ${SECONDS} ] || exit 1
		sleep 0.02
	done`;
	for (const command of [
		['bash', '-c', wait],
		['docker', 'version'],
	]) {
		const exec = await container.exec({ Cmd: command, AttachStdout: true, AttachStderr: true });
		const stream = await exec.start({ hijack: true });
		stream.resume();
		await new Promise((resolve) => stream.on('close', resolve));
		const { ExitCode } = await exec.inspect();
		if (ExitCode !== 0) throw new Error(`${command[0]} ended with ${ExitCode}`);
	}
}
