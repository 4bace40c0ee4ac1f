// Containers of ours that do one thing on the engine: commands in them, and what they print.

import { setTimeout as delay } from 'node:timers/promises';
import type Docker from 'dockerode';

/** Marks what is made for a while alone; whoever publishes removes what others left. */
export const STORE_LABEL = 'containrlab.store';

/** Waits for another container of this name, at most five minutes. */
export async function createLocked(
	docker: Docker,
	options: Docker.ContainerCreateOptions,
): Promise<Docker.Container> {
	for (let attempt = 0; ; attempt += 1) {
		try {
			return await docker.createContainer(options);
		} catch (error) {
			if ((error as { statusCode?: number }).statusCode !== 409 || attempt === 300) throw error;
			await delay(1000);
		}
	}
}

/** A short command of ours as root, in an ordinary container without a network. */
export async function runOnce(
	docker: Docker,
	image: string,
	command: string[],
	mounts: Docker.MountConfig,
): Promise<string> {
	const container = await docker.createContainer({
		Image: image,
		User: '0:0',
		Entrypoint: command.slice(0, 1),
		Cmd: command.slice(1),
		Labels: { [STORE_LABEL]: 'helper' },
		NetworkDisabled: true,
		HostConfig: { NetworkMode: 'none', Mounts: mounts },
	});
	try {
		await container.start();
		const { StatusCode } = (await container.wait()) as { StatusCode: number };
		const stdout = unframe(await container.logs({ stdout: true, stderr: false }));
		const stderr = unframe(await container.logs({ stdout: false, stderr: true }));
		if (StatusCode !== 0)
			throw new Error(`${command.join(' ')} ended with ${StatusCode}: ${stderr}`);
		return stdout;
	} finally {
		await container.remove({ force: true });
	}
}

/** Runs a command in a container that runs, feeding it `input`; it must succeed. What it printed last. */
export async function execute(
	container: Docker.Container,
	user: string,
	command: string[],
	input?: NodeJS.ReadableStream,
): Promise<string> {
	const exec = await container.exec({
		User: user,
		Cmd: command,
		AttachStdin: input !== undefined,
		AttachStdout: true,
		AttachStderr: true,
	});
	const stream = await exec.start({ hijack: true, stdin: input !== undefined });
	const chunks: Buffer[] = [];
	stream.on('data', (chunk: Buffer) => {
		chunks.push(chunk);
		if (chunks.length > 200) chunks.shift();
	});
	input?.pipe(stream);
	await new Promise((resolve, reject) => stream.on('end', resolve).on('error', reject));
	for (let attempt = 0; ; attempt += 1) {
		const { Running, ExitCode } = await exec.inspect();
		if (!Running && ExitCode === 0) return unframe(Buffer.concat(chunks));
		if (!Running || attempt === 50) {
			const said = unframe(Buffer.concat(chunks)).slice(-2000);
			throw new Error(`${command.join(' ')} ended with ${ExitCode}: ${said}`);
		}
		await delay(100);
	}
}

/** Docker's frames of an output without a terminal: 1 byte stream, 3 zero, 4 length, then bytes. */
export function unframe(bytes: Buffer): string {
	const parts: Buffer[] = [];
	for (let at = 0; at + 8 <= bytes.length;) {
		const length = bytes.readUInt32BE(at + 4);
		parts.push(bytes.subarray(at + 8, at + 8 + length));
		at += 8 + length;
	}
	return Buffer.concat(parts).toString();
}
