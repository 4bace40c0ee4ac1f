// Declarations of checks on what the Dockerfile says. What can be measured on the image is measured there.

import { z } from 'zod';
import { declaration, pattern } from './common.ts';

const instruction = z.enum([
	'FROM',
	'RUN',
	'CMD',
	'LABEL',
	'EXPOSE',
	'ENV',
	'ADD',
	'COPY',
	'ENTRYPOINT',
	'VOLUME',
	'USER',
	'WORKDIR',
	'ARG',
	'STOPSIGNAL',
	'HEALTHCHECK',
	'SHELL',
	'ONBUILD',
]);

/** Instructions of one kind, or those of them that say something. */
const selector = {
	instruction,
	matches: pattern
		.optional()
		.describe(
			'A regular expression for what follows the keyword, flags included, on one line; of the exec form the words, with spaces between.',
		),
};
export const Selector = z.strictObject(selector);
export type Selector = z.infer<typeof Selector>;

const stage = z
	.enum(['final', 'any'])
	.default('final')
	.describe(
		'`final`: in what the image is made of, stages that the last one builds upon included.',
	);

export const DockerfileInstruction = declaration(
	'dockerfile-instruction',
	'The Dockerfile has such an instruction. Code: dockerfile-instruction-missing.',
	{ ...selector, stage },
);

export const DockerfileForbids = declaration(
	'dockerfile-forbids',
	'The Dockerfile has no such instruction, in no stage. Code: dockerfile-instruction-forbidden.',
	{
		...selector,
		instead: z.string().min(1).max(300).describe('What to write instead, as a sentence.'),
	},
);

export const DockerfileOrder = declaration(
	'dockerfile-order',
	'In each stage that has the later instruction, the earlier one comes before it. Codes: dockerfile-order, dockerfile-instruction-missing.',
	{ first: Selector, then: Selector },
);

export const DockerfileExecForm = declaration(
	'dockerfile-exec-form',
	'What the image starts is written in exec form, as a list. Codes: dockerfile-shell-form, dockerfile-exec-form-broken.',
	{},
);

export const DockerfilePinned = declaration(
	'dockerfile-pinned',
	'Every image that is built upon or copied from is named with its version. Code: base-image-unpinned.',
	{ by: z.enum(['tag', 'digest']).default('tag').describe('`digest`: by its content, @sha256:…') },
);

export const DockerfileStages = declaration(
	'dockerfile-stages',
	'So many stages take part in the image, and none stands by unused. Codes: dockerfile-stages-few, dockerfile-stages-many, dockerfile-stage-unused.',
	{
		atLeast: z.number().int().min(1).max(20).default(1),
		atMost: z.number().int().min(1).max(20).optional(),
		unused: z.boolean().default(false).describe('Whether a stage may take no part.'),
	},
);

export const DockerfileBase = declaration(
	'dockerfile-base',
	'The final stage comes from one of these images. Code: base-image-not-wanted.',
	{ images: z.array(pattern).min(1).describe('Regular expressions for the whole name.') },
);
