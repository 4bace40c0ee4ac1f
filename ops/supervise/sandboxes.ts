// What an installation's runnerd leaves on the engine: its sandboxes, and the volumes that are kept.

import type Docker from 'dockerode';

const ours = (instance: string) => ({ label: [`containrlab.instance=${instance}`] });

/** A deliberate stop ends the sandboxes as well; their volumes, with all work, stay. */
export async function stopSandboxes(docker: Docker, instance: string): Promise<void> {
	const containers = await docker.listContainers({ all: true, filters: ours(instance) });
	await Promise.all(
		containers.map(async ({ Id }) => {
			const container = docker.getContainer(Id);
			await container.stop({ t: 3 }).catch(() => {});
			await container.remove({ force: true }).catch(() => {});
		}),
	);
}

/** For installations that are thrown away: tests. */
export async function removeVolumes(docker: Docker, instance: string): Promise<void> {
	const { Volumes } = await docker.listVolumes({ filters: ours(instance) });
	await Promise.all(
		(Volumes ?? []).map(({ Name }) => docker.getVolume(Name).remove({ force: true })),
	);
}
