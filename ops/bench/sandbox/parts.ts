// The parts of `npm run bench -- sandbox`, by the name that runs one alone.

import { measureClick } from './click.ts';
import type { Part } from './world.ts';

export const PARTS: Record<string, Part> = {
	/** Click → prompt in a browser: from the pool, and back on a kept volume. */
	click: measureClick,
};
