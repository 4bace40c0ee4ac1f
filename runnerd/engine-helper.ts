// A helper's container as data: a short-lived reader of volumes beside the engine. It is the host's
// root as far as files go, so it has no network, can't write, and runs our script alone.

import type { ContainerCreateOptions } from 'dockerode';

export const INSTANCE_LABEL = 'containrlab.instance';
export const HELPER_LABEL = 'containrlab.helper';
/** What it reads is a student's, and may be made to be costly. */
const MEMORY = 256 * 1024 ** 2;

export type EngineHelper = {
	image: string;
	/** For `sh`. */
	script: string;
	/** By where they are seen. */
	volumes: ReadonlyMap<string, string>;
	signal: AbortSignal;
};

export function helperOptions(
	name: string,
	instance: string,
	{ image, script, volumes }: EngineHelper,
): ContainerCreateOptions {
	return {
		name,
		Image: image,
		User: '0:0',
		Entrypoint: ['sh', '-c', script],
		Labels: { [INSTANCE_LABEL]: instance, [HELPER_LABEL]: 'reader' },
		HostConfig: {
			AutoRemove: true,
			NetworkMode: 'none',
			ReadonlyRootfs: true,
			CapDrop: ['ALL'],
			CapAdd: ['DAC_READ_SEARCH'],
			SecurityOpt: ['no-new-privileges'],
			Memory: MEMORY,
			MemorySwap: MEMORY,
			PidsLimit: 32,
			Mounts: Array.from(volumes, ([Target, Source]) => ({
				...{ Type: 'volume' as const, Target, Source, ReadOnly: true },
			})),
			LogConfig: { Type: 'none', Config: {} },
		},
	};
}
