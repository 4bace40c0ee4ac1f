// One sandbox, started and looked at before the services are: what an engine says of itself isn't yet
// what it does. runnerd relies on the same record, so that it needn't look again.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_LIMITS } from '@containrlab/protocol/sandbox.ts';
import { readEnginePlace } from '@containrlab/runnerd/engine/address.ts';
import { reachEngine } from '@containrlab/runnerd/engine/tunnel.ts';
import { Engine } from '@containrlab/runnerd/engine/engine.ts';
import {
	Isolation,
	ISOLATION_FILE,
	UnsafeEngine,
} from '@containrlab/runnerd/isolation/isolation.ts';
import { Lifecycle } from '@containrlab/runnerd/sandboxes/lifecycle.ts';
import { silentLog } from '@containrlab/runnerd/log.ts';
import { SandboxError } from '@containrlab/runnerd/sandboxes/handle.ts';
import { UidSlots } from '@containrlab/runnerd/sandboxes/slots.ts';
import { refuse } from './engine.ts';
import type { Images } from './images.ts';
import { Refusal, type StepLog } from './steps.ts';

/** Of a machine that is busy with setting up. */
const PROBE_MS = 120_000;

export interface Place {
	/** As DOCKER_HOST says it. */
	address: string;
	instance: string;
	/** runnerd's data. */
	directory: string;
}

export async function checkSandbox(place: Place, images: Images, step: StepLog): Promise<void> {
	await mkdir(place.directory, { recursive: true, mode: 0o700 });
	const engineAt = await readEnginePlace({ ...process.env, DOCKER_HOST: place.address });
	const way = await reachEngine(engineAt, silentLog);
	try {
		const engine = new Engine(way.address, place.instance);
		const isolation = new Isolation({
			engine,
			image: images.sandbox,
			file: join(place.directory, ISOLATION_FILE),
			log: silentLog,
		});
		if (await isolation.isKnown()) return step.note('unchanged');
		step.begin('looking at a first one');
		await tryOne(engine, isolation, images, step);
	} finally {
		await way.close();
	}
}

async function tryOne(engine: Engine, isolation: Isolation, images: Images, step: StepLog) {
	const lifecycle = new Lifecycle({
		engine,
		isolation,
		image: images.sandbox,
		imagesVolume: images.volume,
		slots: new UidSlots(() => []),
		onGone: () => {},
		log: silentLog,
	});
	try {
		const signal = AbortSignal.timeout(PROBE_MS);
		const box = await lifecycle.boot({ purpose: 'pool', limits: DEFAULT_LIMITS, signal });
		await lifecycle.remove(box, { keepVolume: false });
	} catch (error) {
		if (error instanceof UnsafeEngine) refuse(error.findings);
		if (!(error instanceof SandboxError)) throw error;
		step.log(String(error.cause ?? ''));
		throw new Refusal(
			`No sandbox comes up on this Docker engine: ${error.message}\n` +
				'  → On the engine’s machine, see that ordinary users may make user namespaces: ' +
				'sysctl user.max_user_namespaces kernel.apparmor_restrict_unprivileged_userns',
		);
	}
}
