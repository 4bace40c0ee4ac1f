// Declarations of checks on the built image: what it is set to do, how large it is, what is in it.

import { z } from 'zod';
import { declaration, pattern, port, relativePath } from './common.ts';

const name = z.string().min(1).max(120);

export const ImageConfig = declaration(
	'image-config',
	'What the image is set to do, as Docker has it after the build. Each setting that is declared has a code of its own: image-runs-as-root, image-port-missing, image-workdir, image-command, image-env, image-label, image-health-missing, image-architecture.',
	{
		user: z.literal('not-root').optional().describe('The app may not be started as root.'),
		ports: z.array(port).optional().describe('TCP ports that EXPOSE notes down.'),
		workdir: z.string().startsWith('/').optional(),
		command: pattern
			.optional()
			.describe('For the words of ENTRYPOINT and CMD together, with spaces between.'),
		env: z.record(name, pattern).optional().describe('Names, and a pattern for the whole value.'),
		labels: z
			.record(name, pattern)
			.optional()
			.describe('Names, and a pattern for the whole value.'),
		health: z.literal(true).optional().describe('There is a HEALTHCHECK.'),
		architecture: z.enum(['amd64', 'arm64']).optional(),
	},
);

export const ImageSize = declaration(
	'image-size',
	'The image isn’t larger than it may be; a failure names its largest layers and files. Codes: image-too-large, image-too-many-layers.',
	{
		megabytes: z.number().positive().max(10_000).optional().describe('Of 1,000,000 bytes.'),
		layers: z
			.number()
			.int()
			.positive()
			.max(127)
			.optional()
			.describe('Layers on top of the base image.'),
	},
);

/** `/usr/bin/gcc`, `**` for any folders, `*` and `?` within a name. */
const glob = z
	.string()
	.min(1)
	.max(200)
	.regex(/^[^\0]*[^/*\0][^\0]*$/, 'name some part of the path');

export const ImageExcludes = declaration(
	'image-excludes',
	'These files are not in the image: neither in what a container sees, nor deleted in a later layer only. Codes: image-file-unwanted, image-file-in-history.',
	{
		paths: z
			.array(glob)
			.min(1)
			.max(50)
			.describe('`**` stands for any folders, `*` for part of a name; a folder means all in it.'),
		because: z.string().min(1).max(300).optional().describe('Why not, as a sentence.'),
		deleted: z
			.enum(['refused', 'allowed'])
			.default('refused')
			.describe('Whether an earlier layer may have them.'),
	},
);

export const ImageHidesSecrets = declaration(
	'image-hides-secrets',
	'What is secret is in no layer, not even in a deleted file, and in no setting or build argument that the image remembers. Codes: secret-in-image, secret-in-history.',
	{
		plant: z
			.array(relativePath)
			.max(20)
			.default([])
			.describe('Files with a secret, put into the workspace before the build.'),
		text: z
			.array(z.string().min(8).max(200))
			.max(20)
			.default([])
			.describe('Secrets that the starter has in its files.'),
	},
);
