// What the helper on the engine's machine says, and what it is told; helper/ is the other end.

import { z } from 'zod';

const Container = z.string().regex(/^[0-9a-f]{64}$/);
const Bytes = z.number().nonnegative();

export const HelperLine = z.union([
	/** Said first: why there can be no disks, or null. */
	z.object({ disks: z.string().nullable() }),
	z.object({ n: z.number().int(), ok: z.unknown() }),
	z.object({ n: z.number().int(), error: z.string() }),
	/** The kernel ended a process of it, for want of memory. */
	z.object({ oom: Container }),
	/** More than half of the processes that it may have. */
	z.object({ pids: Container, used: z.number(), most: z.number() }),
	/** `most` is the disk's own size, or what the volume was said to be allowed. */
	z.object({ disk: z.string(), used: Bytes, most: Bytes }),
	/** Room on the file system that holds the volumes. */
	z.object({ free: Bytes, of: Bytes }),
]);
export type HelperLine = z.infer<typeof HelperLine>;

/** The answer to `use`. */
export const DiskUse = z.object({
	disk: z.object({ size: Bytes, free: Bytes }),
	volumes: z.record(z.string(), Bytes),
});
export type DiskUse = z.infer<typeof DiskUse>;

export type HelperRequest =
	| { do: 'bound'; group: string; shares: number; weight: number; memory: number }
	| { do: 'disk'; name: string; bytes: number; empty: boolean }
	| { do: 'release'; name: string }
	| { do: 'sweep'; keep: string[] }
	| { do: 'use'; names: string[] }
	| { do: 'watch'; disks: Record<string, number> };

/** What it tells unasked. */
export type Trouble =
	| { kind: 'oom'; container: string }
	| { kind: 'pids'; container: string; used: number; most: number }
	| { kind: 'disk'; volume: string; used: number; most: number }
	| { kind: 'room'; free: number; of: number };

export function troubleOf(line: HelperLine): Trouble | undefined {
	if ('oom' in line) return { kind: 'oom', container: line.oom };
	if ('pids' in line) {
		return { kind: 'pids', container: line.pids, used: line.used, most: line.most };
	}
	if ('disk' in line) return { kind: 'disk', volume: line.disk, used: line.used, most: line.most };
	if ('free' in line) return { kind: 'room', free: line.free, of: line.of };
	return undefined;
}
