// The runnerd process: configuration, wiring, signals.

import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { judgeDigest } from '@containrlab/judges/digest.ts';
import { LabLookup } from '@containrlab/labs/lookup.ts';
import { importTicketPublicKey } from '@containrlab/protocol/ticket.ts';
import { Api } from './api/api.ts';
import { readConfig } from './config.ts';
import { reachEngine } from './engine/tunnel.ts';
import { Engine } from './engine/engine.ts';
import { EventLog } from './api/events.ts';
import { Machine } from './host/machine.ts';
import { Troubles } from './host/troubles.ts';
import { JudgeRuns } from './judge-runs/runs.ts';
import { Isolation, ISOLATION_FILE } from './isolation/isolation.ts';
import { jsonLog } from './log.ts';
import { Preflights } from './preflight/preflights.ts';
import { PreviewDoor } from './preview/door.ts';
import { Sandboxes } from './sandboxes/sandboxes.ts';
import { SessionRecord } from './sessions/record.ts';
import { RecordStore } from './sessions/state.ts';
import { TerminalDoor } from './terminals/upgrade.ts';
import { WorkspaceHost } from './sessions/workspace-host.ts';

/** Longer than a supervisor's patience would be a kill anyway. */
const END_MS = 8000;

const config = await readConfig(process.env);
const log = jsonLog((line) => process.stderr.write(line));
const way = await reachEngine(config.engine, log);
const engine = new Engine(way.address, config.RUNNERD_INSTANCE);
const events = new EventLog();
const emit = events.emit.bind(events);
const attended = () => events.attended;
await mkdir(config.RUNNERD_DATA, { recursive: true, mode: 0o700 });

const machine = new Machine({
	engine,
	image: config.SANDBOX_IMAGE,
	log,
	onTrouble: (trouble) => troubles.take(trouble),
});
const sandboxes = new Sandboxes({
	machine,
	engine,
	log,
	store: new RecordStore(join(config.RUNNERD_DATA, 'sessions'), SessionRecord, log),
	image: config.SANDBOX_IMAGE,
	imagesVolume: config.IMAGES_VOLUME,
	mirrorVolume: config.MIRROR_VOLUME,
	isolation: new Isolation({
		engine,
		image: config.SANDBOX_IMAGE,
		file: join(config.RUNNERD_DATA, ISOLATION_FILE),
		log,
	}),
	poolSize: config.POOL_SIZE,
	kept: { count: config.KEPT_VOLUMES, bytes: config.KEPT_VOLUMES_BYTES },
	room: {
		...(config.SANDBOXES_MOST !== undefined && { most: config.SANDBOXES_MOST }),
		...(config.MEMORY_RESERVE !== undefined && { reserve: config.MEMORY_RESERVE * 1024 ** 2 }),
	},
	host: (context) =>
		new WorkspaceHost({
			...{ ...context, syncUrl: config.SYNC_URL, emit, attended, log },
			flood: (flood) => troubles.flood(flood),
		}),
	changed: (workspace, state) => emit({ type: 'sandbox', workspace, state }),
	tell: (workspace, code, message) => emit({ type: 'warning', workspace, code, message }),
});
const troubles = new Troubles({
	find: (what) => sandboxes.ownerOf(what),
	tell: (workspace, code, message) => emit({ type: 'warning', workspace, code, message }),
	evict: (workspace) => sandboxes.evict(workspace),
	relieve: (workspace) => sandboxes.relieve(workspace),
	log,
});
const labs = new LabLookup(config.LABS_DIR);
const judges = new JudgeRuns({
	directory: join(config.RUNNERD_DATA, 'judge-runs'),
	findLab: (slug, digest) => labs.find(slug, digest),
	sandboxes,
	emit,
	log,
	judgeDigest: await judgeDigest(),
});
const preflights = new Preflights({
	directory: join(config.RUNNERD_DATA, 'preflights'),
	labsDir: config.LABS_DIR,
	findLab: (slug, digest) => labs.find(slug, digest),
	mirror: config.MIRROR_VOLUME,
	engine,
	sandboxes,
	log,
});
const ticketKey = await importTicketPublicKey(config.ticketPublicKey);
const terminals = new TerminalDoor({
	ticketKey,
	find: (workspace) => sandboxes.host(workspace)?.terminals,
});
const previews = new PreviewDoor({
	ticketKey,
	find: (workspace) => sandboxes.host(workspace)?.preview,
});
const { server } = new Api({
	token: config.token,
	image: config.SANDBOX_IMAGE,
	engine,
	sandboxes,
	events,
	judges,
	preflights,
	terminals,
	previews,
	log,
});

let ending = false;
async function end(why: string): Promise<void> {
	if (ending) return;
	ending = true;
	log.info('ending', { why });
	setTimeout(() => process.exit(1), END_MS);
	server.close();
	await Promise.all([judges.close(), preflights.close()]);
	await sandboxes.close();
	await machine.close();
	terminals.close();
	previews.close();
	events.close();
	await way.close();
	process.exit(0);
}
process.on('SIGTERM', () => void end('SIGTERM'));
process.on('SIGINT', () => void end('SIGINT'));
if (config.EXIT_WITH_PARENT) {
	process.stdin.resume();
	process.stdin.on('end', () => void end('the parent is gone'));
	process.stdin.on('error', () => void end('the parent is gone'));
}

await sandboxes.open();
await judges.open();
await preflights.open();
await new Promise<void>((resolve) =>
	server.listen(config.RUNNERD_LISTEN.port, config.RUNNERD_LISTEN.host, resolve),
);
const { address, family, port } = server.address() as AddressInfo;
process.stdout.write(`ready http://${family === 'IPv6' ? `[${address}]` : address}:${port}\n`);
