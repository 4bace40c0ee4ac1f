// runnerd's container: checks the engine behind the mounted socket, makes the images that sandboxes
// need, and becomes runnerd. Nobody else needs the socket, not even once.

import { join } from 'node:path';
import { checkEngine, findEngine } from '../engine.ts';
import { prepareImages } from '../images.ts';
import { tryMirror } from '../mirror/mirror.ts';
import { findUpstreams } from '../mirror/upstreams.ts';
import { ROOT } from '../setup/data-dir.ts';
import { readLabs } from '../setup/demo-class.ts';
import { consoleSteps, Refusal } from '../steps.ts';

const SOCKET = 'unix:///var/run/docker.sock';

try {
	await prepare();
} catch (error) {
	// Until it is mended, compose starts us again; what to mend is in the log.
	console.error(error instanceof Refusal ? error.message : error);
	process.exit(1);
}
await import('@containrlab/runnerd/main.ts');

async function prepare(): Promise<void> {
	const steps = consoleSteps(
		(line) => process.stderr.write(`${line}\n`),
		() => {},
	);
	const engine = await steps.step('Docker engine', (step) => findEngine(SOCKET, '', step));
	await steps.step('engine self-check', (step) => checkEngine(engine, step));
	const { labs } = await readLabs(join(ROOT, 'labs'));
	const wanted = labs.flatMap((lab) => lab.front.images);
	const images = await steps.step('images', (step) => prepareImages(engine.docker, wanted, step));
	process.env['SANDBOX_IMAGE'] = images.sandbox;
	process.env['IMAGES_VOLUME'] = images.volume;
	const instance = process.env['RUNNERD_INSTANCE'] ?? '';
	const upstreams = await findUpstreams(process.env);
	const mirror = await steps.step('mirror', (step) =>
		tryMirror(engine.docker, { image: images.mirror, instance, upstreams }, step),
	);
	if (mirror) process.env['MIRROR_VOLUME'] = mirror;
}
