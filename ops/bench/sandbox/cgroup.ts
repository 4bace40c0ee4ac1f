// What the engine's kernel charges a container.

import type Docker from 'dockerode';

/** Its memory without the file cache, which the kernel gives back when it is wanted, in MB. */
export async function cgroupMegabytes(docker: Docker, container: string): Promise<number> {
	const { memory_stats: memory } = await docker
		.getContainer(container)
		.stats({ stream: false, 'one-shot': true });
	const parts = memory.stats as unknown as Record<string, number>;
	// As cgroup v1 names it, and as v2 does.
	const droppable = parts['total_inactive_file'] ?? parts['inactive_file'] ?? 0;
	return (memory.usage - droppable) / 1e6;
}
