// The mirror's container on the engine that runs the sandboxes: made, brought up to date, and looked at
// until it answers. From then on the engine keeps it running, whoever of us ends.

import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { INSTANCE_LABEL } from '@containrlab/runnerd/engine/helper.ts';
import { pack, type ContextFile } from '../images/build.ts';
import { execute } from '../images/container.ts';
import type { StepLog } from '../steps.ts';
import { MIRROR_USER, REGISTRY_VOLUME } from './registry.ts';
import { stateFiles } from './state.ts';
import type { Upstreams } from './upstreams.ts';

export interface MirrorOptions {
	image: string;
	/** Whose it is; named after it. */
	instance: string;
	upstreams: Upstreams;
	/** The volume of images that can be pulled. */
	registry?: string;
}

/** What it was made of: another digest is another mirror. */
const RECIPE_LABEL = 'containrlab.mirror';
const LOOK = [
	'curl',
	'-sf',
	'--max-time',
	'2',
	'--unix-socket',
	'/sockets/http.sock',
	'http://mirror.sbx.internal/health',
];
const READY_MS = 30_000;
const MEMORY = 256 * 1024 ** 2;

/** The volume that sandboxes are given. */
export const socketsOf = (instance: string): string => `${instance}-mirror`;
/** The volume of what it has fetched. */
export const cacheOf = (instance: string): string => `${socketsOf(instance)}-cache`;
/** Whether a volume is a mirror's: they last as long as the installation. */
export const isMirrors = (volume: string): boolean => /-mirror(-state|-cache)?$/.test(volume);

/**
 * The same for whoever can do without: a class whose images are there teaches on. Undefined when
 * there is no mirror.
 */
export async function tryMirror(
	docker: Docker,
	options: MirrorOptions,
	step: StepLog,
): Promise<string | undefined> {
	return startMirror(docker, options).catch((error: Error) => {
		step.log(String(error.stack));
		step.note('not there: in sandboxes nothing can be pulled or installed');
		return undefined;
	});
}

/** Resolves with the volume of its sockets. */
export async function startMirror(docker: Docker, options: MirrorOptions): Promise<string> {
	const name = socketsOf(options.instance);
	const files = stateFiles(options.upstreams);
	const wanted = containerOptions(options, files);
	const recipe = wanted.Labels?.[RECIPE_LABEL];
	const present = await docker
		.getContainer(name)
		.inspect()
		.catch((error: { statusCode?: number }) => {
			if (error.statusCode === 404) return undefined;
			throw error;
		});
	if (present && present.Config.Labels[RECIPE_LABEL] === recipe) {
		if (!present.State.Running) await docker.getContainer(present.Id).start();
	} else {
		// Sandboxes go on with the next one: its sockets are where these were.
		if (present) await docker.getContainer(present.Id).remove({ force: true });
		await create(docker, wanted, files);
	}
	await answering(docker, name);
	return name;
}

async function create(
	docker: Docker,
	options: Docker.ContainerCreateOptions,
	files: ContextFile[],
): Promise<void> {
	for (const { Source, Target } of options.HostConfig?.Mounts ?? []) {
		if (Target === '/registry') continue;
		const Labels = { [INSTANCE_LABEL]: options.Labels?.[INSTANCE_LABEL] ?? '' };
		await docker.createVolume({ Name: Source, Labels });
	}
	const container = await docker.createContainer(options);
	await container.putArchive(Readable.from(pack(files)), { path: '/state' });
	await container.start();
}

function containerOptions(
	{ image, instance, registry = REGISTRY_VOLUME }: MirrorOptions,
	files: ContextFile[],
): Docker.ContainerCreateOptions {
	const name = socketsOf(instance);
	const volume = (Source: string, Target: string, ReadOnly = false) => ({
		...{ Type: 'volume' as const, Source, Target, ReadOnly },
	});
	const options: Docker.ContainerCreateOptions = {
		name,
		Image: image,
		Healthcheck: { Test: ['CMD', 'mirror-healthy'], Interval: 10e9, Timeout: 5e9, Retries: 3 },
		HostConfig: {
			RestartPolicy: { Name: 'unless-stopped' },
			NetworkMode: 'bridge',
			ReadonlyRootfs: true,
			Init: true,
			CapDrop: ['ALL'],
			SecurityOpt: ['no-new-privileges'],
			Memory: MEMORY,
			MemorySwap: MEMORY,
			PidsLimit: 128,
			Ulimits: [{ Name: 'nofile', Soft: 8192, Hard: 8192 }],
			Tmpfs: { '/tmp': 'mode=1777,size=64m' },
			Mounts: [
				volume(name, '/sockets'),
				volume(`${name}-state`, '/state'),
				volume(`${name}-cache`, '/cache'),
				volume(registry, '/registry', true),
			],
			LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2' } },
		},
	};
	const hash = createHash('sha256').update(JSON.stringify(options));
	for (const { path, bytes } of files) hash.update(path).update(bytes);
	return {
		...options,
		Labels: { [INSTANCE_LABEL]: instance, [RECIPE_LABEL]: hash.digest('hex').slice(0, 16) },
	};
}

async function answering(docker: Docker, name: string): Promise<void> {
	const container = docker.getContainer(name);
	for (const end = Date.now() + READY_MS; ;) {
		const trouble = await execute(container, MIRROR_USER, LOOK).then(
			() => undefined,
			(error: unknown) => error,
		);
		if (!trouble) return;
		if (Date.now() > end) {
			throw new Error(`The mirror doesn't answer; see: docker logs ${name}`, { cause: trouble });
		}
		await delay(100);
	}
}
