// The images that can be pulled: one volume for all mirrors of an engine, filled from the images on that
// engine by a container without a network, and read by the mirrors' registries.

import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { z } from 'zod';
import { imageId, pack } from '../images/build.ts';
import { createLocked, execute, runOnce, STORE_LABEL } from '../images/container.ts';
import type { StoredImage } from '../images/store.ts';
import type { Step } from '../images.ts';
import { wordsOf } from './words.ts';

export const REGISTRY_VOLUME = 'containrlab-registry';
/** As the mirror's image has it. */
export const MIRROR_USER = '7403:7403';
/** Longer than any publishing; then the container of one that died ends by itself. */
const PUBLISH_SECONDS = 1200;

export interface Registry {
	/** The mirror's image. */
	mirror: string;
	volume: string;
	images: StoredImage[];
}

/** By name, the id of the image that there is under it. */
type Recipe = Map<string, string>;
const RecipeFile = z.record(z.string(), z.string());

/** Publishes a new set of images unless these very ones are there already. */
export async function publishRegistry(
	docker: Docker,
	registry: Registry,
	step: Step,
): Promise<void> {
	const wanted = await recipeOf(docker, registry);
	if (same(await published(docker, registry), wanted)) return;
	step.begin(`the registry: ${[...wanted.keys()].join(', ') || 'nothing'}`);
	const container = await createLocked(docker, publisherOptions(registry));
	try {
		await container.start();
		// Another publisher may have been faster.
		const present = await published(docker, registry);
		if (!same(present, wanted)) await publish(docker, container, registry, { present, wanted });
	} finally {
		await container.remove({ force: true, v: true });
	}
}

async function publish(
	docker: Docker,
	container: Docker.Container,
	registry: Registry,
	{ present, wanted }: { present: Recipe; wanted: Recipe },
): Promise<void> {
	const run = (args: string[], input?: NodeJS.ReadableStream) =>
		execute(container, MIRROR_USER, ['seed-registry', ...args], input);
	await run(['begin']);
	for (const { name, image } of registry.images) {
		if (present.get(name) === wanted.get(name)) continue;
		await run(['add', repositoryOf(name)], await docker.getImage(image).get());
	}
	for (const name of present.keys()) {
		if (!wanted.has(name)) await run(['drop', repositoryOf(name)]);
	}
	const files = {
		...wordsOf([...wanted.keys()]),
		'recipe.json': JSON.stringify(Object.fromEntries(wanted)),
	};
	const archive = pack(
		Object.entries(files).map(([path, text]) => ({
			path,
			mode: 0o644,
			bytes: Buffer.from(text),
		})),
	);
	await run(['publish'], Readable.from(archive));
}

async function recipeOf(docker: Docker, { images }: Registry): Promise<Recipe> {
	const ids = await Promise.all(
		images.map(async ({ name, image }) => [name, (await imageId(docker, image)) ?? ''] as const),
	);
	return new Map(ids);
}

const same = (a: Recipe, b: Recipe) =>
	a.size === b.size && [...a].every(([name, id]) => b.get(name) === id);

/** Empty before there is any. */
async function published(docker: Docker, { mirror, volume }: Registry): Promise<Recipe> {
	const text = await runOnce(
		docker,
		mirror,
		['sh', '-c', 'cat /registry/current/recipe.json 2> /dev/null || echo "{}"'],
		[{ Type: 'volume', Source: volume, Target: '/registry' }],
	);
	return new Map(Object.entries(RecipeFile.parse(JSON.parse(text))));
}

/** As Docker Hub has it: what has no owner is the library's. */
export function repositoryOf(name: string): string {
	const tagged = /:[^/]*$/.test(name) ? name : `${name}:latest`;
	return tagged.includes('/') ? tagged : `library/${tagged}`;
}

const publisherOptions = ({ mirror, volume }: Registry): Docker.ContainerCreateOptions => ({
	// One publisher of a volume at a time: names are unique on an engine.
	name: `${volume}-publisher`,
	Image: mirror,
	Cmd: ['sleep', String(PUBLISH_SECONDS)],
	Labels: { [STORE_LABEL]: 'publisher' },
	NetworkDisabled: true,
	Volumes: { '/scratch': {} },
	HostConfig: {
		NetworkMode: 'none',
		Init: true,
		AutoRemove: true,
		CapDrop: ['ALL'],
		SecurityOpt: ['no-new-privileges'],
		Mounts: [{ Type: 'volume', Source: volume, Target: '/registry' }],
	},
});
