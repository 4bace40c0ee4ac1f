// The images of a classroom: Debian, the sandbox, the labs' base images, and the store in which
// every sandbox finds the latter.

import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type Docker from 'dockerode';
import { build, imageId, imageName, readContext, type BuildOptions } from './images/build.ts';
import { debootstrap } from './images/debian.ts';
import { pull } from './images/hub.ts';
import { fetchPackage } from './images/npm-package.ts';
import { STAND_INS } from './images/stand-ins.ts';
import { publishStore, type StoredImage } from './images/store.ts';
import { publishRegistry, REGISTRY_VOLUME } from './mirror/registry.ts';

export interface Images {
	/** The sandbox image, by a tag that names its content. */
	sandbox: string;
	/** The volume with the shared image store: `v<N>/` and `current`. */
	volume: string;
	/** The mirror's image, by a tag that names its content. */
	mirror: string;
	/** Images that are not the real ones, and what they were made of. */
	standIns: string[];
	/** All of them, by their names on the engine: where these are, nothing is fetched or built. */
	names: string[];
}

export const IMAGES_VOLUME = 'containrlab-images';
/** Marks an image of ours that stands in for one of Docker Hub. */
const STAND_IN = 'org.containrlab.stand-in';
const DEBIAN = 'debian:trixie-slim';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export interface Step {
	/** Says that something long begins. */
	begin(what: string): void;
	/** A line of detail, for the log. */
	log(line: string): void;
}

/** `wanted`: the base images that the labs' front matter names. */
export async function prepareImages(docker: Docker, wanted: string[], step: Step): Promise<Images> {
	const base = await debian(docker, step);
	const stored = await labImages(docker, wanted, step);
	const [sandbox, mirror] = await Promise.all([
		ownImage(docker, 'sandbox', '../runnerd/sandbox', base, step),
		ownImage(docker, 'mirror', './mirror/image', base, step),
	]);
	const standIns: string[] = [];
	for (const image of [base, ...stored.map((entry) => entry.image)]) {
		const { Config } = await docker.getImage(image).inspect();
		const label = Config.Labels?.[STAND_IN];
		if (label) standIns.push(label);
	}
	await publishStore(docker, { sandbox, volume: IMAGES_VOLUME, images: stored }, step);
	await publishRegistry(docker, { mirror, volume: REGISTRY_VOLUME, images: stored }, step);
	const names = [...new Set([base, sandbox, mirror, ...stored.map(({ image }) => image)])];
	return { sandbox, volume: IMAGES_VOLUME, mirror, standIns, names };
}

/** Those that labs name, on the engine: Docker Hub's where it answers, else our stand-ins. */
export async function labImages(
	docker: Docker,
	wanted: readonly string[],
	step: Step,
): Promise<StoredImage[]> {
	const base = await debian(docker, step);
	const stored: StoredImage[] = [];
	for (const name of [...new Set(wanted)].sort()) {
		stored.push({ name, image: await labImage(docker, name, base, step) });
	}
	return stored;
}

/** Debian trixie, slim: Docker Hub's where it answers, else debootstrap's. */
export async function debian(docker: Docker, step: Step): Promise<string> {
	const recipe = await recipeOf('base', 'containrlab/debian', 'trixie-slim');
	const name = imageName(recipe);
	if (await imageId(docker, name)) return name;
	if (await adopt(docker, DEBIAN, name, step)) return name;
	step.begin(`${DEBIAN} from Debian's packages`);
	const raw = `containrlab/debootstrap:${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
	await debootstrap(docker, raw, step.log);
	await build(docker, { ...recipe, args: { DEBIAN: raw }, places: ['DEBIAN'] }, step.log);
	await docker.getImage(raw).remove({ force: true });
	return name;
}

/** An image that a lab names: the engine's own, Docker Hub's, or our stand-in. */
async function labImage(docker: Docker, wanted: string, base: string, step: Step): Promise<string> {
	const [repository = wanted, tag = 'latest'] = wanted.split(':');
	const ours = `containrlab/lab-${repository.replaceAll('/', '-')}`;
	const standIn = STAND_INS[`${repository}:${tag}`];
	const recipe = standIn && (await recipeOf(standIn.recipe, ours, tag));
	const packages = Object.entries(standIn?.packages ?? {});
	const options: BuildOptions = {
		...(recipe ?? { repository: ours, label: tag, files: [], dockerfile: 'none' }),
		args: {
			BASE: base,
			...standIn?.args,
			...(packages.length > 0 && { PACKAGES: JSON.stringify(packages) }),
		},
	};
	const name = imageName(options);
	if (await imageId(docker, name)) return name;
	if (await adopt(docker, wanted, name, step)) return name;
	if (!standIn) {
		throw new Error(
			`The image ${wanted}, which a lab needs, can't be had: Docker Hub doesn't answer, and ` +
				`ops/images has no stand-in for it. Pull it on the engine (docker pull ${wanted}) and start again.`,
		);
	}
	step.begin(`${wanted} from Debian's packages`);
	const named = await Promise.all(
		packages.map(async ([file, wanted]) => ({
			path: `packages/${file}`,
			mode: 0o644,
			bytes: await fetchPackage(wanted),
		})),
	);
	await build(docker, { ...options, named }, step.log);
	return name;
}

/** `containrlab/<what>`, from the recipe in a folder of ours. */
async function ownImage(
	docker: Docker,
	what: string,
	folder: string,
	base: string,
	step: Step,
): Promise<string> {
	const options: BuildOptions = {
		repository: `containrlab/${what}`,
		files: await readContext(here(folder)),
		dockerfile: 'Dockerfile',
		args: { BASE: base },
	};
	const name = imageName(options);
	if (await imageId(docker, name)) return name;
	step.begin(`the ${what} image`);
	await build(docker, options, step.log);
	await forgetOld(docker, options.repository, name);
	return name;
}

/** Of long ago and used by no container: the engine refuses to remove others. */
async function forgetOld(docker: Docker, repository: string, current: string): Promise<void> {
	const images = await docker.listImages({ filters: { reference: [repository] } });
	const weekAgo = Date.now() / 1000 - 7 * 24 * 3600;
	for (const { RepoTags, Created } of images) {
		for (const tag of RepoTags ?? []) {
			if (tag === current || Created > weekAgo) continue;
			await docker
				.getImage(tag)
				.remove()
				.catch(() => {});
		}
	}
}

/** Gives the real image our name for it; an earlier stand-in under its name doesn't count. */
async function adopt(docker: Docker, real: string, name: string, step: Step): Promise<boolean> {
	const known = await docker
		.getImage(real)
		.inspect()
		.catch(() => undefined);
	const usable = known && !known.Config.Labels?.[STAND_IN] && known.RepoDigests?.length > 0;
	if (!usable) {
		step.begin(`${real} from Docker Hub`);
		if (!(await pull(docker, real))) return false;
	}
	const [repo = name, tag = 'latest'] = name.split(':');
	await docker.getImage(real).tag({ repo, tag });
	return true;
}

/** `ops/images/<stem>.Dockerfile` and what it copies. */
async function recipeOf(stem: string, repository: string, label: string): Promise<BuildOptions> {
	const dockerfile = `${stem}.Dockerfile`;
	const all = await readContext(here('./images'));
	const text = all.find((file) => file.path === dockerfile)?.bytes.toString();
	if (!text) throw new Error(`ops/images/${dockerfile} doesn't exist`);
	const copied = [...text.matchAll(/^COPY ([\w-]+)(?:\/\S+)? \//gm)].map((match) => match[1]);
	// A file, or a folder.
	const files = all.filter(
		({ path }) => path === dockerfile || copied.includes(path.split('/')[0]),
	);
	return { repository, label, files, dockerfile };
}
