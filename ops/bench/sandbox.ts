// `npm run bench -- sandbox [part …] [--json] [--record]`: what a sandbox costs, and what a class of
// them bears; all parts, or those that are named. --record puts each part's table into the docs.

import Docker from 'dockerode';
import { prepareMachine } from '../prepare.ts';
import { namedParts, progress, runParts } from './parts.ts';
import { PARTS } from './sandbox/parts.ts';

const parts = namedParts(PARTS);
const images = await prepareMachine(progress);
// Parts that use runnerd's parts directly find the images where tests find them.
Object.assign(process.env, { SANDBOX_IMAGE: images.sandbox, IMAGES_VOLUME: images.volume });
await runParts('sandbox', parts, { docker: new Docker(), images });
