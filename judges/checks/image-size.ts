// image-size: the image isn't larger, or of more layers, than it may be.

import type { Declared } from '@containrlab/protocol/checks/declaration.ts';
import type { Failure } from '@containrlab/protocol/verdict.ts';
import type { DockerfileSource } from '../dockerfile.ts';
import type { Layer } from '../image-layers.ts';
import type { Check } from './check.ts';
import { inspected, megabytes, sizesOf } from './image.ts';

export const imageSize: Check<'image-size'> = {
	needs: ['image-builds'],
	onlyLooks: () => true,
	run: async (declared, facts) => {
		const { Size } = await inspected(facts);
		const fits = declared.megabytes === undefined || Size <= declared.megabytes * 1_000_000;
		if (fits && declared.layers === undefined) return undefined;
		const { layers } = await facts.layers();
		return judgeSize(declared, Size, layers, facts.dockerfile);
	},
};

export function judgeSize(
	declared: Declared<'image-size'>,
	bytes: number,
	layers: readonly Layer[],
	file: DockerfileSource | undefined,
): Failure | undefined {
	if (declared.megabytes !== undefined && bytes > declared.megabytes * 1_000_000) {
		return {
			code: 'image-too-large',
			message: `The image has ${megabytes(bytes)}, and ${declared.megabytes} MB would do.`,
			hint: 'Look at the largest first: is it needed to run the app, or only to build it? What a later line deletes still counts, for the layer below it stays.',
			evidence: [
				{
					...{ kind: 'compare', label: 'Size', expected: `at most ${declared.megabytes} MB` },
					observed: megabytes(bytes),
				},
				...sizesOf(layers, file),
			],
		};
	}
	const own = layers.filter(({ base }) => !base).length;
	if (declared.layers === undefined || own <= declared.layers) return undefined;
	return {
		code: 'image-too-many-layers',
		message: `The image has ${own} layers on top of its base image, and ${declared.layers} would do.`,
		hint: 'Every RUN, COPY, ADD and WORKDIR is a layer. Put commands that belong together into one RUN, with && between them.',
		evidence: [
			{
				...{ kind: 'compare', label: 'Layers', expected: `at most ${declared.layers}` },
				observed: String(own),
			},
			...sizesOf(layers, file),
		],
	};
}
