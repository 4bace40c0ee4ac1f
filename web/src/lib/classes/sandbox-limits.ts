// What instructors may let a sandbox use, and how that is said. Memory and disk in MB.

export const LIMIT_CHOICES = {
	sandboxMemory: [768, 1024, 1536, 2048, 3072, 4096, 8192],
	sandboxCpus: [0.5, 1, 2, 4],
	sandboxPids: [512, 1024, 2048, 4096],
	sandboxDisk: [4096, 8192, 16_384, 32_768],
} as const;

export const withCurrent = (choices: readonly number[], now: number): number[] =>
	[...new Set([...choices, now])].sort((a, b) => a - b);

export const size = (megabytes: number): string =>
	megabytes < 1024 ? `${megabytes} MB` : `${Number((megabytes / 1024).toFixed(1))} GB`;
