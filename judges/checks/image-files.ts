// image-excludes, image-hides-secrets: what must be in no layer of the image.

import type { Declared } from '@containrlab/protocol/checks/declaration.ts';
import type { Evidence, Failure } from '@containrlab/protocol/verdict.ts';
import { type DockerfileSource, lineEvidence } from '../dockerfile.ts';
import type { ImageInspect } from '../image.ts';
import type { Found, Layers } from '../image-layers.ts';
import { secretsOf } from '../submission.ts';
import type { Check } from './check.ts';
import { describeLayer, inspected, makerOf, megabytes } from './image.ts';

export const imageExcludes: Check<'image-excludes'> = {
	needs: ['image-builds'],
	onlyLooks: () => true,
	run: async (declared, facts) => judgeExcludes(declared, await facts.layers(), facts.dockerfile),
};

export const imageHidesSecrets: Check<'image-hides-secrets'> = {
	needs: ['image-builds'],
	onlyLooks: () => true,
	run: async (declared, facts) =>
		judgeSecrets(declared, await inspected(facts), await facts.layers(), facts.dockerfile),
};

export function judgeExcludes(
	{ paths, because, deleted }: Declared<'image-excludes'>,
	layers: Layers,
	file: DockerfileSource | undefined,
): Failure | undefined {
	const found = paths.flatMap((glob) => layers.found.get(glob) ?? []);
	const visible = found.filter((one) => one.visible);
	const [first] = visible.length > 0 ? visible : found;
	if (!first || (visible.length === 0 && deleted === 'allowed')) return undefined;
	const shown = visible.length > 0 ? visible : found;
	const fromBase = layers.layers[first.layer]?.base === true;
	const why = because === undefined ? '' : ` ${because}`;
	const evidence = [...placeOf(first, layers, file), listOf('In the image', shown, layers, file)];
	if (visible.length > 0) {
		return {
			code: 'image-file-unwanted',
			message: `The image has ${first.path}${others(shown)}, which it should do without.${why}`,
			hint: fromBase
				? 'It comes with the base image: build upon a smaller one, or use this one only to build and copy what you need into another.'
				: 'Leave it out where it comes in: by .dockerignore, by copying less, or by deleting it in the same RUN that made it.',
			evidence,
		};
	}
	return {
		code: 'image-file-in-history',
		message: `${first.path}${others(shown)} is deleted in a later layer, but the layer that has it is still a part of the image.${why}`,
		hint: 'A layer never gets smaller. Delete it in the same RUN that makes it, or make it in a stage of its own.',
		evidence,
	};
}

const others = (found: readonly Found[]): string =>
	found.length > 1 ? ` and ${found.length - 1} more` : '';

function placeOf(
	{ layer }: Found,
	{ layers }: Layers,
	file: DockerfileSource | undefined,
): Evidence[] {
	if (layers[layer]?.base) return lineEvidence(file, file?.stages.at(-1)?.instructions[0]?.line);
	return lineEvidence(file, makerOf(layer, layers.length, file)?.line);
}

function listOf(
	label: string,
	found: readonly Found[],
	{ layers }: Layers,
	file: DockerfileSource | undefined,
): Evidence {
	const rows = found.slice(0, 12).map(({ path, bytes, layer }) => {
		return `${path}  ${megabytes(bytes)}, ${describeLayer(layer, layers, file)}`;
	});
	if (found.length > 12) rows.push(`… and ${found.length - 12} more`);
	return { kind: 'output', label, text: rows.join('\n') };
}

export function judgeSecrets(
	declared: Declared<'image-hides-secrets'>,
	image: ImageInspect,
	layers: Layers,
	file: DockerfileSource | undefined,
): Failure | undefined {
	const visible = layers.secrets.find((one) => one.visible);
	const first = visible ?? layers.secrets[0];
	if (first) {
		return {
			code: visible ? 'secret-in-image' : 'secret-in-history',
			message: visible
				? `Whoever has the image can read a secret in ${first.path}.`
				: `${first.path}, with a secret in it, is deleted in a later layer, but whoever has the image can still take it out of the earlier one.`,
			hint: visible
				? 'Keep the file out of the build with .dockerignore. What the build itself needs, RUN --mount=type=secret shows to one step without keeping it.'
				: 'What was once in a layer stays in the image. Never copy the secret in: keep it out with .dockerignore, or show it to one step with RUN --mount=type=secret.',
			evidence: [
				...placeOf(first, layers, file),
				listOf('Files with a secret', layers.secrets, layers, file),
			],
		};
	}
	const secrets = secretsOf(declared);
	const remembered = [JSON.stringify(image.Config), layers.history]
		.flatMap((text) => text.split('\n'))
		.find((line) => secrets.some((secret) => line.includes(secret)));
	if (remembered === undefined) return undefined;
	return {
		code: 'secret-in-history',
		message: 'The image remembers a secret: in a setting, or in the build argument of a step.',
		hint: 'ENV, LABEL and ARG are kept with the image, where `docker history` and `docker inspect` show them. Hand a secret over when the container is started, or to one step with RUN --mount=type=secret.',
		evidence: file
			? file.instructions
					.filter(({ rest }) => secrets.some((secret) => rest.includes(secret)))
					.slice(0, 3)
					.flatMap(({ line }) => lineEvidence(file, line))
			: [],
	};
}
