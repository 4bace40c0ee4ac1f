// What checks of the built image share: the image itself, and its layers in words.

import type { Evidence } from '@containrlab/protocol/verdict.ts';
import { STEPS } from '../build-steps.ts';
import type { DockerfileSource, Instruction } from '../dockerfile.ts';
import { finalChain } from '../dockerfile-stages.ts';
import type { ImageInspect } from '../image.ts';
import type { Layer } from '../image-layers.ts';
import type { Facts } from './check.ts';

/** Checks of the image need the build, so it is there. */
export async function inspected(facts: Facts): Promise<ImageInspect> {
	const outcome = await facts.image();
	if (outcome.status !== 'built') throw new Error('an image was looked at that was never built');
	return outcome.inspect;
}

/** The instruction that made a layer: the last of the final stage made the last layer, and so on down. */
export function makerOf(
	layer: number,
	count: number,
	file: DockerfileSource | undefined,
): Instruction | undefined {
	const steps = finalChain(file?.stages ?? [])
		.reverse()
		.flatMap(({ instructions }) => instructions.filter(({ keyword }) => STEPS.has(keyword)));
	return steps[steps.length - (count - layer)];
}

export function describeLayer(
	index: number,
	layers: readonly Layer[],
	file: DockerfileSource | undefined,
): string {
	const layer = layers[index];
	if (!layer || layer.base) return 'the base image';
	const maker = makerOf(index, layers.length, file);
	if (!maker) return `layer ${index + 1}`;
	const words = `${maker.keyword} ${[...maker.flags, maker.rest].join(' ')}`;
	return `line ${maker.line}: ${words.length > 60 ? `${words.slice(0, 60)}…` : words}`;
}

export const megabytes = (bytes: number): string =>
	bytes >= 10_000_000
		? `${Math.round(bytes / 1_000_000)} MB`
		: bytes >= 100_000
			? `${(bytes / 1_000_000).toFixed(1)} MB`
			: `${Math.ceil(bytes / 1000)} kB`;

/** The largest layers and the largest files, in words. */
export function sizesOf(layers: readonly Layer[], file: DockerfileSource | undefined): Evidence[] {
	const bySize = layers
		.map((layer, index) => ({ layer, index }))
		.filter(({ layer }) => layer.bytes > 0)
		.sort((a, b) => b.layer.bytes - a.layer.bytes);
	const files = layers
		.filter(({ base }) => !base)
		.flatMap(({ largest }) => largest)
		.sort((a, b) => b.bytes - a.bytes);
	const rows = (of: { bytes: number; name: string }[]) =>
		of.map(({ bytes, name }) => `${megabytes(bytes).padStart(8)}  ${name}`).join('\n');
	const largest = bySize.slice(0, 6).map(({ layer, index }) => {
		return { bytes: layer.bytes, name: describeLayer(index, layers, file) };
	});
	return [
		{ kind: 'output', label: 'The largest layers', text: rows(largest) },
		...(files.length === 0
			? []
			: [
					{
						...{ kind: 'output' as const, label: 'The largest files that you added' },
						text: rows(files.slice(0, 6).map(({ bytes, path }) => ({ bytes, name: `/${path}` }))),
					},
				]),
	];
}
