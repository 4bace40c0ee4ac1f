// Declarations of checks on the running container.

import { z } from 'zod';
import { declaration, port, seconds } from './common.ts';

export const ContainerRuns = declaration(
	'container-runs',
	'A container starts from the image and stays up. Codes: container-not-started, container-exited.',
	{
		port: port.optional().describe('Is published; the wait ends when the app listens there.'),
		stayUp: seconds.default(1).describe('Seconds that it must stay up.'),
	},
);

export const Http = declaration(
	'http',
	'The app answers a request on its published port. Codes: http-unreachable, http-wrong-port, http-localhost-only, http-timeout, http-status, http-body, container-exited.',
	{
		port,
		path: z.string().startsWith('/', 'begin it with /').default('/'),
		method: z.enum(['GET', 'POST', 'PUT', 'DELETE']).default('GET'),
		status: z.number().int().min(100).max(599).default(200),
		contains: z.string().optional().describe('Text that the body must contain.'),
		within: seconds.default(10).describe('Seconds until there must be an answer.'),
	},
);
