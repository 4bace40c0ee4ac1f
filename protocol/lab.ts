// A lab: the front matter of lab.md, its text and its files.

import { z } from 'zod';
import { relativePath } from './checks/common.ts';
import { CheckDeclaration } from './checks/declaration.ts';

export const LabFrontMatter = z.strictObject({
	title: z.string().min(1).max(80),
	summary: z.string().min(1).max(240).describe('One sentence, for the list of labs.'),
	minutes: z.number().int().min(5).max(240).describe('Estimated time.'),
	goals: z.array(z.string()).min(1).describe('What one can do afterwards.'),
	images: z
		.array(z.string().regex(/^[a-z0-9._/-]+(:[\w.-]+)?$/, 'name it like python:3.13-slim'))
		.default([])
		.describe('Images that must be at hand in every sandbox.'),
	open: relativePath.optional().describe('The file that opens first.'),
	hints: z.array(z.string()).default([]).describe('In steps, from gentle to plain.'),
	checks: z.array(CheckDeclaration).min(1).describe('What a submission is judged by.'),
	wrong: z
		.record(z.string().regex(/^[a-z0-9-]+$/, 'small letters, digits and hyphens only'), z.string())
		.default({})
		.describe('Each folder in wrong/, and the code of the failure that it must produce first.'),
});
export type LabFrontMatter = z.infer<typeof LabFrontMatter>;

/** A file of a lab, as read from disk; `base64` for what isn't UTF-8 text. */
export const LabFile = z.discriminatedUnion('kind', [
	z.object({
		kind: z.literal('text'),
		path: relativePath,
		mode: z.number().int(),
		text: z.string(),
	}),
	z.object({
		kind: z.literal('binary'),
		path: relativePath,
		mode: z.number().int(),
		base64: z.string(),
	}),
]);
export type LabFile = z.infer<typeof LabFile>;

/** A lab ready to teach. `digest` is the SHA-256 of all that can change a verdict. */
export const Lab = z.object({
	/** The folder's name, `01-first-dockerfile`; its order is the curriculum's. */
	slug: z.string().regex(/^[0-9]{2}-[a-z0-9-]+$/),
	digest: z.string(),
	front: LabFrontMatter,
	/** Markdown, without the front matter. */
	text: z.string(),
	starter: z.array(LabFile),
});
export type Lab = z.infer<typeof Lab>;
