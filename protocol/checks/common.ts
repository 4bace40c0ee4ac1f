// What every declared check has in common, and the few shapes that several of them share.

import { z } from 'zod';
import { patternProblem } from './pattern.ts';

export const seconds = z.number().positive().max(600);
export const port = z.number().int().min(1).max(65535);
export const relativePath = z.string().min(1).max(1024);

/** A regular expression by RE2's rules: like JavaScript's, but without look-around and back references. */
export const pattern = z
	.string()
	.min(1)
	.max(200)
	.superRefine((text, context) => {
		const problem = patternProblem(text);
		if (problem === undefined) return;
		const message = `this is no regular expression (${problem}); close its brackets or escape them with \\, and do without look-around and back references`;
		context.addIssue({ code: 'custom', message });
	});

/**
 * Left out, each of these stays out of what is parsed: a lab's digest covers what its author wrote, and
 * doesn't change when a new setting comes into being.
 */
const common = {
	id: z
		.string()
		.regex(/^[a-z0-9-]+$/, 'small letters, digits and hyphens only')
		.optional()
		.describe("Names this check within the lab; the check's own name unless set."),
	title: z
		.string()
		.min(1)
		.max(120)
		.optional()
		.describe('What students read in the list of checks; each check has a title of its own.'),
	hint: z
		.string()
		.min(1)
		.max(600)
		.optional()
		.describe("Takes the place of the check's own advice."),
	points: z.number().int().min(0).max(100).optional().describe('What it is worth: 1 unless set.'),
	bonus: z
		.boolean()
		.optional()
		.describe('Its points come on top, and failing it leaves the verdict as it is.'),
	teaches: z
		.string()
		.optional()
		.describe(
			"The part of the lab's text that teaches this: its heading in small letters with hyphens, without the number. A failure links there.",
		),
};

/** The schema of one check's declaration; `about` is what an editor shows of it. */
export function declaration<Name extends string, Fields extends z.ZodRawShape>(
	name: Name,
	about: string,
	fields: Fields,
) {
	return z
		.strictObject({ check: z.literal(name).describe(about), ...fields, ...common })
		.describe(about);
}
