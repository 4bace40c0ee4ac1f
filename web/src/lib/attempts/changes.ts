// A file that differs between two sets of files, as pages get it.

import { z } from 'zod';

const FileSide = z.discriminatedUnion('kind', [
	z.object({ kind: z.literal('text'), text: z.string() }),
	z.object({ kind: z.literal('binary'), size: z.number() }),
	/** Text, but too much of it. */
	z.object({ kind: z.literal('long'), size: z.number() }),
	z.object({ kind: z.literal('link'), target: z.string() }),
]);
export type FileSide = z.infer<typeof FileSide>;

export const FileChange = z.object({
	path: z.string(),
	before: FileSide.nullable(),
	after: FileSide.nullable(),
});
export type FileChange = z.infer<typeof FileChange>;

export type Since = 'starter' | 'previous';
