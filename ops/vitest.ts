// vitest on a prepared machine: tests of sandboxes find the images by their environment.

import { spawnSync } from 'node:child_process';
import type { Images } from './images.ts';
import { ROOT } from './setup/data-dir.ts';

/** Its exit status. */
export function vitest(images: Images, args: string[]): number {
	const { status, error } = spawnSync('vitest', ['run', ...args], {
		cwd: ROOT,
		stdio: 'inherit',
		env: { ...process.env, SANDBOX_IMAGE: images.sandbox, IMAGES_VOLUME: images.volume },
	});
	if (error) console.error(error.message);
	return status ?? 1;
}
