// What `docker run` says when it starts nothing: whose fault it is.

import { expect, test } from 'vitest';
import { refused } from './container.ts';
import { InfrastructureError } from './sandbox.ts';

const FAILED = 'OCI runtime create failed: runc create failed: unable to start container process: ';

test.each([
	`${FAILED}exec: "pyhton": executable file not found in $PATH: unknown.`,
	`${FAILED}error during container init: exec: "/app/run.sh": permission denied: unknown.`,
	`${FAILED}exec /app/run: exec format error: unknown.`,
	'No command specified.',
	'unable to find user someone: no matching entries in passwd file.',
	`${FAILED}error during container init: chdir to cwd ("/root/x") set in config.json failed: permission denied.`,
	`${FAILED}error mounting "/v" to rootfs at "/app/app.py": not a directory: unknown.`,
	'invalid containerPort: 80801',
	'linux spec user: uids and gids must be in range 0-2147483647.',
])('the student’s: %s', (message) => {
	const stderr = `docker: Error response from daemon: ${message}\n\nRun 'docker run --help' for more information\n`;
	expect(refused(stderr)).toEqual({ status: 'refused', message });
});

test.each([
	`${FAILED}can't get final child's PID from pipe: EOF: unknown.`,
	`${FAILED}error during container init: error setting cgroup config for procHooks process: device or resource busy: unknown.`,
	'OCI runtime create failed: runc did not terminate successfully: exit status 2: unknown.',
	'failed to create endpoint judged on network bridge: adding interface failed: operation not permitted.',
	'context deadline exceeded',
])('ours: %s', (message) => {
	expect(() => refused(`docker: Error response from daemon: ${message}\n`)).toThrow(
		InfrastructureError,
	);
});
