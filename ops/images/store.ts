// The shared image store: a volume in which each published version is a Docker data root, `v<N>/`,
// with the labs' base images unpacked once, and `current` points at the newest. Every sandbox
// mounts it read-only; runnerd/sandbox/lib/import-images.sh gives a new daemon its seed, which links
// to it.
//
// A version is filled by the sandbox image's own Docker, so that the layout fits the daemon that
// reads it, and copied by a container on the engine, never by a path of this machine: the engine
// may be another one.

import { createHash } from 'node:crypto';
import type Docker from 'dockerode';
import { newId } from '@containrlab/protocol/id.ts';
import { DEFAULT_LIMITS } from '@containrlab/protocol/sandbox.ts';
import { INSTANCE_LABEL } from '@containrlab/runnerd/engine/helper.ts';
import { isDisks } from '@containrlab/runnerd/host/machine.ts';
import { cgroupParent, containerOptions } from '@containrlab/runnerd/sandboxes/spec.ts';
import type { Step } from '../images.ts';
import { isMirrors } from '../mirror/mirror.ts';
import { imageId } from './build.ts';
import { createLocked, execute, runOnce, STORE_LABEL as LABEL } from './container.ts';
import { SLACK_SECONDS, unused, type Version } from './store-versions.ts';

export interface StoredImage {
	/** What it is called inside sandboxes. */
	name: string;
	/** What it is called on the engine. */
	image: string;
}

export interface Store {
	sandbox: string;
	volume: string;
	images: StoredImage[];
}

/** The last of the image's users: runnerd hands them out from the first on. */
const UID = 20_511;
const user = `${UID}:${UID}`;
/** One publisher at a time: container names are unique on an engine. */
const LOCK = 'containrlab-store-publisher';

/**
 * Publishes a new version unless `current` holds these very images already, and removes those that
 * nobody uses any more.
 */
export async function publishStore(docker: Docker, store: Store, step: Step): Promise<void> {
	const recipe = await recipeOf(docker, store);
	if ((await look(docker, store)).recipe !== recipe) await publish(docker, store, recipe, step);
	await removeUnused(docker, store);
}

async function publish(docker: Docker, store: Store, recipe: string, step: Step): Promise<void> {
	await removeLeftovers(docker);
	step.begin(`the shared images: ${store.images.map((entry) => entry.name).join(', ') || 'none'}`);
	const scratch = `containrlab-store-${newId(8)}`;
	await docker.createVolume({ Name: scratch, Labels: { [LABEL]: 'scratch' } });
	try {
		await fill(docker, store, scratch, step);
		await copy(docker, store, scratch, recipe);
	} finally {
		await docker.getVolume(scratch).remove({ force: true });
	}
}

/** What decides a version's content: the images, and the Docker that unpacks them. */
async function recipeOf(docker: Docker, store: Store): Promise<string> {
	const hash = createHash('sha256').update('store 1\n');
	hash.update(`${await dockerVersion(docker, store.sandbox)}\n`);
	for (const { name, image } of store.images)
		hash.update(`${name} ${await imageId(docker, image)}\n`);
	return hash.digest('hex');
}

const dockerVersion = (docker: Docker, image: string) =>
	runOnce(docker, image, ['dockerd', '--version'], []);

interface Published {
	/** Undefined before there is any, and for one of an earlier release, without a seed. */
	recipe: string | undefined;
	/** Oldest first, the current one last; seconds since 1970. */
	versions: Version[];
}

async function look(docker: Docker, store: Store): Promise<Published> {
	const script = `cd /images
		if [ -d current/seed ]; then cat current/recipe; else echo; fi
		if [ -e current ]; then stat -c '%n %Z' v*; fi`;
	const mounts = [
		{ Type: 'volume' as const, Source: store.volume, Target: '/images', ReadOnly: true },
	];
	const text = await runOnce(docker, store.sandbox, ['sh', '-c', script], mounts);
	const [recipe, ...lines] = text.split('\n');
	const versions = lines.flatMap((line) => {
		const [, number, since] = /^v(\d+) (\d+)$/.exec(line) ?? [];
		return number === undefined ? [] : [{ number: Number(number), since: Number(since) }];
	});
	return {
		recipe: recipe?.trim() || undefined,
		versions: versions.sort((a, b) => a.number - b.number),
	};
}

/** Versions that no sandbox's volume, in use or kept, can have begun with; of all instances. */
export async function removeUnused(
	docker: Docker,
	store: Store,
	{ label = INSTANCE_LABEL, slack = SLACK_SECONDS } = {},
): Promise<void> {
	const { versions } = await look(docker, store);
	if (versions.length < 2) return;
	const filters = JSON.stringify({ label: [label] });
	const { Volumes } = await docker.listVolumes({ filters });
	const began = (Volumes ?? []).flatMap(({ Name, CreatedAt }: Listed) =>
		// What the engine doesn't say of a volume could be any time.
		isDisks(Name) || isMirrors(Name) ? [] : [CreatedAt ? Date.parse(CreatedAt) / 1000 : 0],
	);
	const names = unused(versions, began, slack).map(({ number }) => `v${number}`);
	if (names.length === 0) return;
	const script = 'cd /images && rm -rf -- "$@"';
	const mounts = [{ Type: 'volume' as const, Source: store.volume, Target: '/images' }];
	await runOnce(docker, store.sandbox, ['sh', '-c', script, 'sh', ...names], mounts);
}

/** Its types leave out when. */
type Listed = { Name: string; CreatedAt?: string };

/** Starts a sandbox without any images on `volume`, loads ours, and lets its daemon end cleanly. */
async function fill(docker: Docker, store: Store, volume: string, step: Step): Promise<void> {
	const info = (await docker.info()) as { CgroupDriver: string };
	const options = containerOptions({
		id: newId(12),
		name: LOCK,
		purpose: 'pool',
		image: store.sandbox,
		volume,
		uid: UID,
		limits: { ...DEFAULT_LIMITS, memory: 2 * 1024 ** 3, cpus: 2 },
		imagesVolume: undefined,
		cgroupParent: cgroupParent(info.CgroupDriver),
	});
	const container = await createLocked(docker, { ...options, Labels: { [LABEL]: 'publisher' } });
	try {
		await container.start();
		await execute(container, user, ['sbx-ready', '60']);
		for (const { name, image } of store.images) {
			step.log(`loading ${name}`);
			const archive = await docker.getImage(image).get();
			await execute(container, user, ['sbx-enter', 'docker', 'load'], archive);
			await execute(container, user, ['sbx-enter', 'docker', 'tag', image, name]);
			await execute(container, user, ['sbx-enter', 'docker', 'rmi', image]);
		}
		await container.stop({ t: 20 });
	} finally {
		await container.remove({ force: true, v: true });
	}
}

/**
 * A version appears complete or not at all; older ones stay while volumes link to them. Its number
 * is new: no volume can take it for one that was removed.
 */
async function copy(docker: Docker, store: Store, scratch: string, recipe: string): Promise<void> {
	const script = `set -eu
		cd /images
		rm -rf new
		mkdir -m 755 new
		cp -a /scratch/docker/overlay2 /scratch/docker/image new/
		echo "$1" > new/recipe
		n=1
		if [ -e current ]; then n=$(readlink current | tr -d v); fi
		while [ -e "v$n" ]; do n=$((n + 1)); done
		/usr/local/lib/sandbox/seed-images.sh new "/tmpl/v$n"
		mv new "v$n"
		ln -sfn "v$n" current.new
		mv -T current.new current`;
	await runOnce(
		docker,
		store.sandbox,
		['sh', '-c', script, 'sh', recipe],
		[
			{ Type: 'volume', Source: scratch, Target: '/scratch', ReadOnly: true },
			{ Type: 'volume', Source: store.volume, Target: '/images' },
		],
	);
}

/** Of publishers and helpers that died with their starter; a running one is at work. */
async function removeLeftovers(docker: Docker): Promise<void> {
	const filters = { label: [LABEL] };
	const containers = await docker.listContainers({
		all: true,
		filters: { ...filters, status: ['created', 'exited', 'dead'] },
	});
	for (const { Id, Created } of containers) {
		// Just created is not yet left over.
		if (Date.now() / 1000 - Created > 60) await docker.getContainer(Id).remove({ force: true });
	}
	const { Volumes } = await docker.listVolumes({ filters: { ...filters, dangling: ['true'] } });
	for (const { Name } of Volumes ?? [])
		await docker
			.getVolume(Name)
			.remove()
			.catch(() => {});
}
