// What the engine's figures of a container come to.

import { z } from 'zod';

const Stats = z.object({
	memory_stats: z.object({
		usage: z.number(),
		/** cgroup v1 counts children in `total_…`, v2 does so anyway. */
		stats: z.object({
			total_inactive_file: z.number().optional(),
			inactive_file: z.number().optional(),
		}),
	}),
});

/** Without what was read from files and could be read again; bytes. */
export function heldMemory(stats: unknown): number {
	const { usage, stats: parts } = Stats.parse(stats).memory_stats;
	return Math.max(0, usage - (parts.total_inactive_file ?? parts.inactive_file ?? 0));
}
