// `npm run bench -- sync [part …] [--json] [--record]`: sync beside y-websocket's own server, Hocuspocus
// and a bare rebroadcast; all parts, or those that are named. --record puts their tables into the docs.

import { namedParts, runParts } from './parts.ts';
import { PARTS } from './sync/parts.ts';
import { World } from './sync/world.ts';

const parts = namedParts(PARTS);
await using world = await World.create();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
	process.once(signal, () => void world[Symbol.asyncDispose]().finally(() => process.exit(1)));
}
await runParts('sync', parts, world);
