// What a kit is made of, out of an engine and a folder of labs and into others.

import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type Docker from 'dockerode';
import tar from 'tar-stream';
import { follow, pack } from '../images/build.ts';
import { STORE_LABEL } from '../images/container.ts';

/** Of a lab's folder, `NN-slug/…`: nothing that leads out of it. */
const LAB_PATH = /^[0-9]{2}-[a-z0-9-]+\/(?!.*(^|\/)\.\.?(\/|$))[^\0\\]+$/;
/** Of one file; a lab's are far smaller. */
const LAB_BYTES = 32 * 1024 * 1024;

export interface KitPlace {
	docker: Docker;
	/** The mirror's image, by its name on the engine. */
	mirror: string;
	/** The volume of what it has fetched. */
	cache: string;
	labs: string;
}

export async function openImages(
	docker: Docker,
	names: readonly string[],
): Promise<NodeJS.ReadableStream> {
	// Missing in its types.
	const { getImages } = docker as Docker & {
		getImages(options: { names: string[] }): Promise<NodeJS.ReadableStream>;
	};
	return getImages.call(docker, { names: [...names] });
}

export async function loadImages(docker: Docker, part: NodeJS.ReadableStream): Promise<void> {
	await follow(docker, await docker.loadImage(part), () => {});
}

/** Fetched packages as nginx keeps them: by what was asked for, wherever it came from. */
export async function openPackages(place: KitPlace): Promise<NodeJS.ReadableStream> {
	const { container, remove } = await holder(place);
	const stream = await container.getArchive({ path: '/cache/.' });
	stream.once('close', () => void remove());
	return stream;
}

export async function putPackages(place: KitPlace, part: NodeJS.ReadableStream): Promise<void> {
	const { container, remove } = await holder(place);
	try {
		await container.putArchive(part, { path: '/cache' });
	} finally {
		await remove();
	}
}

/** A container that never runs: the engine reads and writes the volume for us, wherever it is. */
async function holder({ docker, mirror, cache }: KitPlace) {
	const container = await docker.createContainer({
		Image: mirror,
		Labels: { [STORE_LABEL]: 'helper' },
		NetworkDisabled: true,
		HostConfig: {
			NetworkMode: 'none',
			Mounts: [{ Type: 'volume', Source: cache, Target: '/cache' }],
		},
	});
	return { container, remove: () => container.remove({ force: true }).catch(() => {}) };
}

export async function openLabs(labs: string): Promise<NodeJS.ReadableStream> {
	const entries = await readdir(labs, { recursive: true, withFileTypes: true });
	const paths = entries
		.filter((entry) => entry.isFile())
		.map((entry) => relative(labs, join(entry.parentPath, entry.name)));
	const files = paths.filter((path) => LAB_PATH.test(path)).sort();
	const read = async (path: string) => {
		const { mode } = await stat(join(labs, path));
		return { path, mode: mode & 0o755, bytes: await readFile(join(labs, path)) };
	};
	return Readable.from(pack(await Promise.all(files.map(read))));
}

/** Labs that aren't there yet; one that is stays as it is. Their names. */
export async function putLabs(labs: string, part: NodeJS.ReadableStream): Promise<string[]> {
	await mkdir(labs, { recursive: true });
	const present = new Set(await readdir(labs));
	const unpacked = await mkdtemp(join(labs, '.kit-'));
	try {
		await unpack(unpacked, part);
		const added = (await readdir(unpacked)).filter((slug) => !present.has(slug));
		for (const slug of added) await rename(join(unpacked, slug), join(labs, slug));
		return added;
	} finally {
		await rm(unpacked, { recursive: true, force: true });
	}
}

async function unpack(dir: string, part: NodeJS.ReadableStream): Promise<void> {
	const extract = tar.extract();
	const reading = pipeline(part, extract);
	reading.catch(() => {});
	for await (const entry of extract) {
		const { name, mode = 0o644, size = 0, type } = entry.header;
		if (type === 'file' && LAB_PATH.test(name) && size <= LAB_BYTES) {
			const chunks: Buffer[] = [];
			for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
			await mkdir(dirname(join(dir, name)), { recursive: true });
			await writeFile(join(dir, name), Buffer.concat(chunks), { mode: mode & 0o755 });
		} else entry.resume();
	}
	await reading;
}
