// Declarations of checks on the running container.

import { z } from 'zod';
import { declaration, pattern, port, seconds } from './common.ts';

const address = z
	.string()
	.max(1000)
	.regex(/^\/[^\s]*$/, 'begin it with /, and write a space as %20');
const folder = z
	.string()
	.max(200)
	.regex(/^\/[\w./-]*[\w-]$/, 'a folder from the root, without a / at its end');
const STATUS = z.number().int().min(100).max(599);
const settings = z
	.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string().max(1000))
	.describe('Environment variables.');

export const ContainerRuns = declaration(
	'container-runs',
	'A container starts from the image and stays up. Codes: container-not-started, container-exited.',
	{
		port: port.optional().describe('Is published; the wait ends when the app listens there.'),
		stayUp: seconds.default(1).describe('Seconds that it must stay up.'),
	},
);

export const ContainerListens = declaration(
	'container-listens',
	'Something in the container listens on a TCP port, whatever it speaks. Codes: port-not-open, port-other, port-localhost-only, container-exited.',
	{ port, within: seconds.default(10).describe('Seconds until it must.') },
);

export const ContainerNotRoot = declaration(
	'container-not-root',
	'No process in the running container is root, whatever the image says. Code: process-runs-as-root.',
	{},
);

export const ContainerMemory = declaration(
	'container-memory',
	'What runs in the container holds no more memory than this, measured from outside. Codes: memory-too-high, container-exited.',
	{
		megabytes: z.number().positive().max(10_000).describe('Of 1,000,000 bytes.'),
		after: z
			.strictObject({
				port,
				path: address.default('/'),
				times: z.number().int().min(1).max(50).default(10),
			})
			.optional()
			.describe('It is asked so often before.'),
	},
);

export const ContainerLogs = declaration(
	'container-logs',
	'What the container prints, as `docker logs` shows it, has such a text. Codes: log-missing.',
	{
		matches: pattern.describe('A regular expression for some part of it.'),
		within: seconds.default(5).describe('Seconds until it must be there.'),
	},
);

export const ContainerStops = declaration(
	'container-stops',
	'`docker stop` ends the container before it has to be killed, with an exit code that says all is well: 0, or that of the signal. Tried on a container of its own. Codes: stop-killed, stop-exit-code, stop-cut-short, container-exited.',
	{
		port: port.optional().describe('The app is stopped once it listens there.'),
		within: z
			.number()
			.int()
			.min(1)
			.max(60)
			.default(10)
			.describe('Whole seconds until it is killed; Docker waits ten.'),
		finishes: address
			.optional()
			.describe('An address that takes a moment: asked just before, it must still be answered.'),
	},
);

export const ContainerRestarts = declaration(
	'container-restarts',
	'After a container was killed and started anew, its app answers as before. Tried on a container of its own. Codes: restart-failed, and those of http.',
	{
		port,
		path: address.default('/'),
		status: STATUS.default(200),
		within: seconds.default(10).describe('Seconds until there must be an answer.'),
	},
);

export const ContainerReadOnly = declaration(
	'container-read-only',
	'The app works where nothing of its image can be written to (`--read-only`). Tried on a container of its own. Codes: root-needs-writing.',
	{
		port,
		path: address.default('/'),
		status: STATUS.default(200),
		writable: z
			.array(folder)
			.max(10)
			.default(['/tmp'])
			.describe('Folders in memory that it may write to all the same.'),
		within: seconds.default(10).describe('Seconds until there must be an answer.'),
	},
);

export const ContainerHealthy = declaration(
	'container-healthy',
	"The image's health check says that the app is well, and with `notices` also when it no longer is. Tried on a container of its own, by the image's own command, but twice a second, so that nobody waits. Codes: image-health-missing, health-starting, health-failing, health-blind, container-exited.",
	{
		within: seconds.default(30).describe('Seconds until it must say so.'),
		notices: z
			.literal(true)
			.optional()
			.describe('The app is frozen then, and the check must find out.'),
	},
);

export const ContainerKeepsData = declaration(
	'container-keeps-data',
	'What the app was told is still there in a new container that has the same volume. Codes: data-not-written, data-lost, and those of http.',
	{
		port,
		volume: folder.describe('Where the volume is in the container.'),
		write: z
			.strictObject({
				method: z.enum(['POST', 'PUT', 'GET']).default('POST'),
				path: address,
				body: z.string().max(10_000).optional(),
			})
			.describe('Any answer below 400 will do.'),
		read: z
			.strictObject({ path: address, contains: z.string().min(1).max(1000) })
			.describe('GET, in the new container.'),
		within: seconds.default(10).describe('Seconds until there must be an answer.'),
	},
);

export const Http = declaration(
	'http',
	'The app answers a request on its published port. Codes: http-unreachable, http-wrong-port, http-localhost-only, http-timeout, http-status, http-header, http-body, http-json, container-exited.',
	{
		port,
		path: z.string().startsWith('/', 'begin it with /').default('/'),
		method: z.enum(['GET', 'POST', 'PUT', 'DELETE']).default('GET'),
		status: STATUS.default(200),
		contains: z.string().optional().describe('Text that the body must contain.'),
		matches: pattern.optional().describe('A regular expression for some part of the body.'),
		headers: z
			.record(z.string().min(1).max(100), pattern)
			.optional()
			.describe('Names, and a pattern for the whole value.'),
		json: z
			.record(z.string().min(1).max(200), z.union([z.string(), z.number(), z.boolean(), z.null()]))
			.optional()
			.describe('Values in the answer, by their path: `items.0.name`.'),
		body: z
			.string()
			.max(10_000)
			.optional()
			.describe('Is sent along: as application/json if it is that, else as text/plain.'),
		env: settings
			.optional()
			.describe('A container of its own is asked, in which these environment variables are set.'),
		within: seconds.default(10).describe('Seconds until there must be an answer.'),
	},
);
