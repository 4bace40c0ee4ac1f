// Declarations of checks on files, on the build context and on the build.

import { z } from 'zod';
import { declaration, relativePath, seconds } from './common.ts';
import { Selector } from './dockerfile.ts';

export const FilePresent = declaration(
	'file-present',
	"A file is there, and it isn't empty. Codes: file-missing, file-empty.",
	{ path: relativePath.describe('Of the file, from the top of the workspace.') },
);

export const ContextExcludes = declaration(
	'context-excludes',
	"The ignore file keeps these paths out of the build context, by Docker's own matching: they are put there before the build, and looked for among what Docker sends. Codes: dockerignore-missing, dockerignore-invalid, context-not-ignored, context-over-ignored.",
	{
		plant: z.array(relativePath).min(1).describe('Files that must not reach the build.'),
		keep: z.array(relativePath).default([]).describe('Files that must stay in the context.'),
	},
);

export const ImageBuilds = declaration(
	'image-builds',
	'`docker build` succeeds. Codes: dockerfile-missing, dockerfile-empty, dockerfile-invalid, base-image-unavailable, copy-source-missing, dockerignore-invalid, build-failed, build-timeout.',
	{ within: seconds.default(180).describe('Seconds until it is stopped.') },
);

export const BuildReusesCache = declaration(
	'build-reuses-cache',
	'After a change to these files, a second build takes these steps from the cache. Codes: cache-not-reused, cache-step-missing.',
	{
		change: z
			.array(relativePath)
			.min(1)
			.max(10)
			.describe('Files that get another line at the end; made, if they are not there.'),
		reuse: z
			.array(Selector)
			.min(1)
			.describe('Steps that must not be run again: RUN, COPY, ADD or WORKDIR.'),
	},
);
