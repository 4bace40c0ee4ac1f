// `npm run bench -- mirror [part …] [--json] [--record]`: what the mirror costs, and what a class that
// builds at once gets from it; all parts, or those that are named.

import Docker from 'dockerode';
import { prepareMachine } from '../prepare.ts';
import { measureClass } from './mirror/class.ts';
import { measureImages } from './mirror/images.ts';
import { measureSizes } from './mirror/sizes.ts';
import { measureStart } from './mirror/start.ts';
import { namedParts, progress, runParts } from './parts.ts';
import type { Part } from './sandbox/world.ts';

const PARTS: Record<string, Part> = {
	/** What its helpers add to a sandbox's start and memory. */
	start: measureStart,
	/** The same packages for many sandboxes at once: upstream requests, times, its memory. */
	class: measureClass,
	/** What images that are there already cost a sandbox. */
	images: measureImages,
	/** How large the stand-ins are. */
	sizes: measureSizes,
};

const parts = namedParts(PARTS);
const images = await prepareMachine(progress);
Object.assign(process.env, {
	SANDBOX_IMAGE: images.sandbox,
	IMAGES_VOLUME: images.volume,
	MIRROR_IMAGE: images.mirror,
});
await runParts('mirror', parts, { docker: new Docker(), images });
