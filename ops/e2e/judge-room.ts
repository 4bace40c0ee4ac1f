// Real clean sandboxes for tests of labs and judges: runnerd's own classes, without its process.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { readCatalog } from '@containrlab/labs/catalog.ts';
import { judge, type JudgeOptions } from '@containrlab/judges/run.ts';
import { newId } from '@containrlab/protocol/id.ts';
import type { Lab } from '@containrlab/protocol/lab.ts';
import type { SubmittedFile } from '@containrlab/protocol/sandbox.ts';
import type { Verdict } from '@containrlab/protocol/verdict.ts';
import { Engine } from '@containrlab/runnerd/engine/engine.ts';
import { silentLog } from '@containrlab/runnerd/log.ts';
import { Sandboxes } from '@containrlab/runnerd/sandboxes/sandboxes.ts';
import { SessionRecord } from '@containrlab/runnerd/sessions/record.ts';
import { RecordStore } from '@containrlab/runnerd/sessions/state.ts';
import { prepareImages } from '../images.ts';
import { startMirror } from '../mirror/mirror.ts';
import { findUpstreams } from '../mirror/upstreams.ts';

export const LABS = new URL('../../labs', import.meta.url).pathname;
const SOCKET = { socketPath: '/var/run/docker.sock' };

export interface JudgeRoom extends AsyncDisposable {
	labs: Lab[];
	sandboxes: Pick<Sandboxes<never>, 'acquire'>;
	judge(lab: Lab, files: readonly SubmittedFile[], options?: JudgeOptions): Promise<Verdict>;
}

/** `mirror`: packages can be installed, as in a classroom; it takes a moment to start. */
export async function openJudgeRoom({ mirror = false } = {}): Promise<JudgeRoom> {
	const { labs } = await readCatalog(LABS);
	const wanted = labs.flatMap((lab) => lab.front.images);
	const docker = new Docker(SOCKET);
	const images = await prepareImages(docker, wanted, { begin() {}, log() {} });
	const instance = `judge-room-${newId(8)}`;
	const mirrorVolume = mirror
		? await startMirror(docker, {
				...{ image: images.mirror, instance },
				upstreams: await findUpstreams(process.env),
			})
		: undefined;
	const state = await mkdtemp(join(tmpdir(), 'judge-room-'));
	const sandboxes = new Sandboxes<never>({
		engine: new Engine(SOCKET, instance),
		store: new RecordStore(state, SessionRecord, silentLog),
		image: images.sandbox,
		imagesVolume: images.volume,
		mirrorVolume,
		poolSize: 0,
		log: silentLog,
		host: () => {
			throw new Error('judges have no workspace');
		},
		changed() {},
		tell() {},
		kept: { count: 0, bytes: 0 },
	});
	await sandboxes.open();
	return {
		labs,
		sandboxes,
		judge: async (lab, files, options) => {
			await using sandbox = await sandboxes.acquire('judge', {
				signal: AbortSignal.timeout(60_000),
			});
			return await judge(lab, files, sandbox, options);
		},
		[Symbol.asyncDispose]: async () => {
			await sandboxes.close();
			await rm(state, { recursive: true });
			if (mirrorVolume !== undefined) await removeMirror(docker, mirrorVolume);
		},
	};
}

async function removeMirror(docker: Docker, name: string): Promise<void> {
	await docker.getContainer(name).remove({ force: true });
	for (const volume of [name, `${name}-state`, `${name}-cache`]) {
		await docker.getVolume(volume).remove();
	}
}

/** For the message of a failed expectation: what the verdict comes to. */
export const codesOf = (verdict: Verdict): string[] =>
	verdict.status === 'failed'
		? verdict.failures.map((failure) => failure.code)
		: [verdict.status === 'error' ? `error: ${verdict.code}` : verdict.status];
