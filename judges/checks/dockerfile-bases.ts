// dockerfile-pinned, dockerfile-stages, dockerfile-base: what the image is built upon, and in how many
// stages.

import { isAllOf } from '@containrlab/protocol/checks/pattern.ts';
import type { Declared } from '@containrlab/protocol/checks/declaration.ts';
import type { Failure } from '@containrlab/protocol/verdict.ts';
import type { DockerfileSource } from '../dockerfile.ts';
import { lineEvidence } from '../dockerfile.ts';
import { finalChain, readImageName, takingPart } from '../dockerfile-stages.ts';
import { ofDockerfile } from './dockerfile.ts';

export const dockerfilePinned = ofDockerfile<'dockerfile-pinned'>(judgePinned);
export const dockerfileStages = ofDockerfile<'dockerfile-stages'>(judgeStages);
export const dockerfileBase = ofDockerfile<'dockerfile-base'>(judgeBase);

/** Images from elsewhere, and the lines that name them. */
function imagesOf({ stages }: DockerfileSource): { image: string; line: number }[] {
	return stages.flatMap((stage) => [
		...(stage.parent === undefined
			? [{ image: stage.base, line: stage.instructions[0]?.line ?? 1 }]
			: []),
		...stage.sources.flatMap(({ from, line }) =>
			'image' in from ? [{ image: from.image, line }] : [],
		),
	]);
}

export function judgePinned(
	{ by }: Declared<'dockerfile-pinned'>,
	file: DockerfileSource,
): Failure | undefined {
	const loose = imagesOf(file).find(({ image }) => {
		const { tag, digest } = readImageName(image);
		if (image === 'scratch' || digest !== undefined) return false;
		return by === 'digest' || tag === undefined || tag === 'latest';
	});
	if (!loose) return undefined;
	const { image, line } = loose;
	const name = image.replace(/:[^:/]*$/, '') || image;
	return {
		code: 'base-image-unpinned',
		message:
			by === 'digest'
				? `Line ${line} names ${image} by its tag, and a tag can be moved to another image.`
				: `Line ${line} takes whatever ${name || 'image'} is newest on the day of the build.`,
		hint:
			by === 'digest'
				? `Name its content as well: ${image || 'image'}@sha256:… \`docker image inspect\` shows it under RepoDigests.`
				: `Say which version you mean, with a colon and a tag: ${name || 'image'}:…`,
		evidence: [
			...lineEvidence(file, line),
			{
				kind: 'compare',
				label: 'Image',
				expected: by === 'digest' ? `${name}@sha256:…` : `${name}:<version>`,
				observed: image,
			},
		],
	};
}

export function judgeStages(
	{ atLeast, atMost, unused }: Declared<'dockerfile-stages'>,
	file: DockerfileSource,
): Failure | undefined {
	const { stages } = file;
	const used = takingPart(stages);
	const idle = stages.findIndex((_stage, index) => !used.has(index));
	const enough = used.size >= atLeast;
	if (idle !== -1 && (!unused || !enough)) return idleStage(file, idle);
	if (enough && used.size <= (atMost ?? Infinity)) return undefined;
	return {
		code: enough ? 'dockerfile-stages-many' : 'dockerfile-stages-few',
		message: enough
			? `The Dockerfile has ${used.size} stages, and ${atMost} would do.`
			: `The Dockerfile has ${stages.length === 1 ? 'one stage' : `${stages.length} stages`}, and this lab asks for ${atLeast}.`,
		hint: enough
			? 'Put together what belongs together: a stage begins at every FROM.'
			: 'Every FROM begins a stage. Build in the first, then begin a second one and bring into it, with COPY --from, only what the app needs to run.',
		evidence: [
			{
				kind: 'compare',
				label: 'Stages',
				expected: enough ? `at most ${atMost}` : `at least ${atLeast}`,
				observed: String(used.size),
			},
			...stages.slice(0, 5).flatMap((stage) => lineEvidence(file, stage.instructions[0]?.line)),
		],
	};
}

function idleStage(file: DockerfileSource, index: number): Failure {
	const stage = file.stages[index];
	const name = stage?.name ?? String(index);
	return {
		code: 'dockerfile-stage-unused',
		message: `Nothing of the stage ${stage?.name ? `"${name}"` : `on line ${stage?.instructions[0]?.line}`} reaches the image: Docker leaves it out of the build.`,
		hint: `Bring what it makes into the last stage with COPY --from=${name}, or remove the stage.`,
		evidence: lineEvidence(file, stage?.instructions[0]?.line),
	};
}

export function judgeBase(
	{ images }: Declared<'dockerfile-base'>,
	file: DockerfileSource,
): Failure | undefined {
	const root = finalChain(file.stages).at(-1);
	if (!root || images.some((image) => isAllOf(image, root.base))) return undefined;
	return {
		code: 'base-image-not-wanted',
		message: `The image is built upon ${root.base || '(nothing)'}, and this lab asks for another.`,
		hint: 'Change the FROM of the last stage to the image that the lab names.',
		evidence: [
			...lineEvidence(file, root.instructions[0]?.line),
			{
				kind: 'compare',
				label: 'Base image',
				expected: images.join('\n').replace(/\\/g, ''),
				observed: root.base,
			},
		],
	};
}
