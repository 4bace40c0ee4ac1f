// A kit carries images, packages and labs from one machine to another, or nothing at all.

import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import Docker from 'dockerode';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestInstance, testImages } from '@containrlab/runnerd/sandboxes/testing.ts';
import { build, imageId, imageName, pack } from '../images/build.ts';
import { runOnce } from '../images/container.ts';
import { type About, checkKit, readKit, writeKit } from './archive.ts';
import { loadImages, openImages, openLabs, openPackages, putLabs, putPackages } from './parts.ts';

const docker = new Docker();
let instance: TestInstance;
let dir: string;
let file: string;
let image: string;
let about: About;

/** Names are the instance's own: nothing else on the engine has anything to do with it. */
const volumes = () => ({ from: `${instance.name}-from`, to: `${instance.name}-to` });
const place = (cache: string) => ({
	docker,
	cache,
	mirror: process.env['MIRROR_IMAGE'] ?? '',
	labs: join(dir, 'labs'),
});
const inVolume = (volume: string, script: string) =>
	runOnce(
		docker,
		testImages().image,
		['sh', '-c', `cd /cache; ${script}`],
		[{ Type: 'volume', Source: volume, Target: '/cache' }],
	);

beforeAll(async () => {
	instance = await TestInstance.create();
	dir = await mkdtemp(join(tmpdir(), 'containrlab-kit-'));
	file = join(dir, 'class.kit');
	const recipe = {
		repository: `containrlab/${instance.name}`,
		dockerfile: 'Dockerfile',
		files: [
			{
				path: 'Dockerfile',
				mode: 0o644,
				bytes: Buffer.from(`FROM scratch\nLABEL of=${instance.name}\nCOPY Dockerfile /\n`),
			},
		],
	};
	await build(docker, recipe, () => {});
	image = imageName(recipe);
	for (const volume of Object.values(volumes())) await instance.engine.createVolume(volume);
	await inVolume(volumes().from, 'mkdir -p a/bc && echo kept > a/bc/0abc && chown -R 7403 .');
	for (const [path, text] of Object.entries({
		'01-first/lab.md': 'text',
		'01-first/starter/.dockerignore': '*.pyc',
		'README.md': 'no lab',
	})) {
		await mkdir(dirname(join(dir, 'labs', path)), { recursive: true });
		await writeFile(join(dir, 'labs', path), text);
	}
	about = { form: 1, architecture: (await docker.version()).Arch, images: [image] };
	await writeKit(file, about, [
		{ name: 'labs.tar', open: () => openLabs(join(dir, 'labs')) },
		{ name: 'images.tar', open: () => openImages(docker, [image]) },
		{ name: 'packages.tar', open: () => openPackages(place(volumes().from)) },
	]);
}, 120_000);
afterAll(async () => {
	await docker
		.getImage(image)
		.remove({ force: true })
		.catch(() => {});
	await instance[Symbol.asyncDispose]();
	await rm(dir, { recursive: true });
});

test('all of it arrives where there was nothing, and nothing is left beside it', async () => {
	expect(await readdir(dir)).toEqual(['class.kit', 'labs']);
	const before = await imageId(docker, image);
	await docker.getImage(image).remove({ force: true });
	expect(await checkKit(file)).toEqual(about);
	const elsewhere = join(dir, 'elsewhere');
	let added: string[] = [];
	await readKit(file, {
		'labs.tar': async (part) => void (added = await putLabs(elsewhere, part)),
		'images.tar': (part) => loadImages(docker, part),
		'packages.tar': (part) => putPackages(place(volumes().to), part),
	});
	expect(await imageId(docker, image)).toBe(before);
	expect(await inVolume(volumes().to, 'cat a/bc/0abc; stat -c %u a/bc/0abc')).toBe('kept\n7403\n');
	expect(added).toEqual(['01-first']);
	expect(await readdir(elsewhere)).toEqual(['01-first']);
	expect(await readFile(join(elsewhere, '01-first/starter/.dockerignore'), 'utf8')).toBe('*.pyc');
}, 60_000);

test('a lab that is there already stays as it is', async () => {
	const mine = join(dir, 'mine');
	await mkdir(join(mine, '01-first'), { recursive: true });
	await writeFile(join(mine, '01-first', 'lab.md'), 'changed here');
	const part = await openLabs(join(dir, 'labs'));
	expect(await putLabs(mine, part)).toEqual([]);
	expect(await readFile(join(mine, '01-first', 'lab.md'), 'utf8')).toBe('changed here');
});

test('what leads out of the labs is not written', async () => {
	const paths = ['../out', '01-a/../../out', '/etc/out', '01-a/./../x', 'loose', '01-a/ok'];
	const files = paths.map((path) => ({ path, mode: 0o644, bytes: Buffer.from('x') }));
	const labs = join(dir, 'hostile');
	expect(await putLabs(labs, Readable.from(pack(files)))).toEqual(['01-a']);
	expect(await readdir(labs, { recursive: true })).toEqual(['01-a', '01-a/ok']);
	expect(await readdir(dir)).not.toContain('out');
});

test('one that is damaged anywhere is refused whole', async () => {
	const bytes = await readFile(file);
	const { size } = await stat(file);
	const broken = join(dir, 'broken.kit');
	const damaged = /is damaged, or no kit: nothing of it was taken/;
	// Its head, its list, the parts, and lengths on the way.
	for (const at of [0, 520, 700, 2_100, Math.floor(size / 2), Math.floor(size * 0.8)]) {
		const copy = Buffer.from(bytes);
		copy[at] = copy[at]! ^ 1;
		await writeFile(broken, copy);
		// What lies between two parts is nobody's.
		if (await isPadding(at)) continue;
		await expect(checkKit(broken), `byte ${at}`).rejects.toThrow(damaged);
	}
	for (const length of [0, 100, 3_000, Math.floor(size / 2), size - 8_000]) {
		await writeFile(broken, bytes.subarray(0, length));
		await expect(checkKit(broken), `${length} bytes`).rejects.toThrow(damaged);
	}
	await expect(checkKit(join(dir, 'none.kit'))).rejects.toThrow(/There is no /);

	async function isPadding(at: number): Promise<boolean> {
		return (
			bytes[at] === 0 &&
			(await checkKit(broken).then(
				() => true,
				() => false,
			))
		);
	}
});
