// Builds the product's two images from the checkout, by the engine's own BuildKit: no client is needed,
// and a build that has nothing to do takes a second.

import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { followBuild, imageId, pack } from '../images/build.ts';
import { ROOT } from '../setup/data-dir.ts';
import type { StepLog } from '../steps.ts';
import { readCheckout } from './context.ts';
import { readMachine } from './machine.ts';
import { dial, openSession } from './session.ts';

const TARGETS = ['app', 'postgres'] as const;
const imageOf = (target: (typeof TARGETS)[number], tag: string): string =>
	`containrlab/${target}:${tag}`;

/** `base`: an image on the engine. Resolves with the ids of images that lost their name by it. */
export async function buildProduct(
	docker: Docker,
	{ base, tag }: { base: string; tag: string },
	step: StepLog,
): Promise<string[]> {
	const [files, machine] = await Promise.all([readCheckout(ROOT), readMachine(ROOT, process.env)]);
	const replaced: string[] = [];
	// Both at once: they share only the base.
	const building = TARGETS.map(async (target) => {
		const name = imageOf(target, tag);
		const before = await imageId(docker, name);
		using session = await openSession(docker, machine.secrets);
		const stream = await dial<NodeJS.ReadableStream>(docker, {
			method: 'POST',
			path: '/build?',
			file: Readable.from(pack(files)),
			options: {
				version: '2',
				session: session.id,
				t: name,
				target,
				buildargs: { BASE: base, ...machine.args },
				...(machine.network && { networkmode: machine.network }),
			},
			isStream: true,
			statusCodes: { 200: true, 500: 'server error' },
		});
		await followBuild(docker, stream, name, step.log);
		if (before && before !== (await imageId(docker, name))) replaced.push(before);
	});
	await Promise.all(building);
	return replaced;
}
