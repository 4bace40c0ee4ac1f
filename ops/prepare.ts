// What tests need of a machine beyond dependencies: an engine, the images, a browser, ssh.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findEngine } from './engine.ts';
import { prepareImages, type Images } from './images.ts';
import { installPackages } from './images/debian.ts';
import { openDataDir, ROOT } from './setup/data-dir.ts';
import { readLabs } from './setup/demo-class.ts';
import { buildWeb } from './setup/web-build.ts';
import { consoleSteps } from './steps.ts';
import { openLog } from './supervise/log-file.ts';

export async function prepareMachine(print = console.log): Promise<Images> {
	const data = await openDataDir(process.env['CONTAINRLAB_DATA']);
	const steps = consoleSteps(openLog(data.in('log/prepare.log')), print);
	const { docker } = await steps.step('Docker engine', (step) =>
		findEngine(process.env['DOCKER_HOST'], data.in('log'), step),
	);
	const images = await steps.step('images', async (step) => {
		const { labs } = await readLabs(join(ROOT, 'labs'));
		return prepareImages(
			docker,
			labs.flatMap((lab) => lab.front.images),
			step,
		);
	});
	await steps.step('web pages', async (step) => {
		if (!(await buildWeb())) step.note('unchanged');
	});
	await steps.step('browser and ssh', async (step) => {
		if ((await readdir('/usr/bin')).includes('chromium')) step.note('already there');
		else await installPackages(['chromium'], ['chromium'], step.log);
		// An engine over ssh is tested with the system's own.
		await installPackages(['openssh-client'], ['ssh'], step.log);
	});
	return images;
}
