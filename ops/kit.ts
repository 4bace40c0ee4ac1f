// `npm run kit -- export FILE | import FILE`: images, packages and labs in one file, for a machine that
// can't fetch any of them.

import { join, resolve } from 'node:path';
import type Docker from 'dockerode';
import { readConfig } from './config.ts';
import { findEngine } from './engine.ts';
import { prepareImages } from './images.ts';
import { type About, checkKit, readKit, writeKit } from './kit/archive.ts';
import {
	type KitPlace,
	loadImages,
	openImages,
	openLabs,
	openPackages,
	putLabs,
	putPackages,
} from './kit/parts.ts';
import { cacheOf, socketsOf } from './mirror/mirror.ts';
import { type DataDir, openDataDir, ROOT, shortHash } from './setup/data-dir.ts';
import { readLabs } from './setup/demo-class.ts';
import { consoleSteps, Refusal, type Steps } from './steps.ts';
import { openLog } from './supervise/log-file.ts';
import { rememberedPid } from './supervise/identity.ts';

const HELP = `npm run kit -- export FILE   everything that this machine's labs need, in one file
npm run kit -- import FILE   the same into this machine, which needs no internet for it

Packages are those that were fetched here once: run a preflight first (npm run preflight).
A machine for it has Docker, and this folder with its node_modules.`;
const LABS = join(ROOT, 'labs');

const [command, given, ...more] = process.argv.slice(2);
try {
	if (!given || more.length > 0) throw new Refusal(HELP);
	// Relative to where npm was called.
	const file = resolve(process.env['INIT_CWD'] ?? '.', given);
	if (command === 'export') await exportKit(file);
	else if (command === 'import') await importKit(file);
	else throw new Refusal(HELP);
} catch (error) {
	console.error(error instanceof Refusal ? `\n${error.message}\n` : error);
	process.exitCode = 1;
}

interface Place {
	data: DataDir;
	docker: Docker;
	steps: Steps;
	cache: string;
	mirrorName: string;
}

async function open(): Promise<Place> {
	const config = readConfig(process.env, []);
	const data = await openDataDir(config.data);
	const steps = consoleSteps(openLog(data.in('log/kit.log')));
	const instance = config.instance ?? `c-${shortHash(data.path)}`;
	const { docker } = await steps.step('Docker engine', (step) =>
		findEngine(config.dockerHost, data.in('log'), step),
	);
	const mirrorName = socketsOf(instance);
	return { data, docker, steps, mirrorName, cache: cacheOf(instance) };
}

async function imagesOfLabs(): Promise<string[]> {
	const { labs } = await readLabs(LABS);
	return labs.flatMap((lab) => lab.front.images);
}

async function architectureOf(docker: Docker): Promise<string> {
	return (await docker.version()).Arch;
}

async function exportKit(file: string): Promise<void> {
	const { docker, steps, cache } = await open();
	const images = await steps.step('images', async (step) =>
		prepareImages(docker, await imagesOfLabs(), step),
	);
	const about: About = {
		form: 1,
		architecture: await architectureOf(docker),
		images: images.names,
	};
	const place: KitPlace = { docker, cache, mirror: images.mirror, labs: LABS };
	await steps.step('the kit', () =>
		writeKit(file, about, [
			{ name: 'labs.tar', open: () => openLabs(LABS) },
			{ name: 'images.tar', open: () => openImages(docker, about.images) },
			{ name: 'packages.tar', open: () => openPackages(place) },
		]),
	);
	steps.say(`  ${file}`);
}

async function importKit(file: string): Promise<void> {
	const { data, docker, steps, cache, mirrorName } = await open();
	if (rememberedPid(data.in('run'), 'supervisor') !== undefined) {
		throw new Refusal(`ContainrLab runs on ${data.path}: stop it first.`);
	}
	const about = await steps.step('checksums', () => checkKit(file));
	const here = await architectureOf(docker);
	if (about.architecture !== here) {
		throw new Refusal(`This kit is for ${about.architecture}, and this engine is ${here}.`);
	}
	// Started anew, it knows what came meanwhile.
	await docker
		.getContainer(mirrorName)
		.remove({ force: true })
		.catch((error: { statusCode?: number }) => {
			if (error.statusCode !== 404) throw error;
		});
	await steps.step('labs and images', (step) =>
		readKit(file, {
			'labs.tar': async (part) => {
				const added = await putLabs(LABS, part);
				step.note(added.length > 0 ? `new: ${added.join(', ')}` : 'no new labs');
			},
			'images.tar': (part) => loadImages(docker, part),
			'packages.tar': async (part) => {
				const { mirror } = await prepareImages(docker, await imagesOfLabs(), step);
				await putPackages({ docker, cache, mirror, labs: LABS }, part);
			},
		}),
	);
	steps.say('  All is here. Start it: npm start -- --lan');
}
