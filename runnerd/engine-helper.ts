// Helpers' containers as data. A reader of volumes beside the engine is short-lived; it is the host's
// root as far as files go, so it has no network, can't write, and runs our script alone. A talker
// answers what it is asked for as long as somebody listens, and is nobody at all.

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

export const talkerOptions = (
	name: string,
	instance: string,
	image: string,
	command: readonly string[],
): ContainerCreateOptions => ({
	name,
	Image: image,
	User: '65534:65534',
	Entrypoint: [...command],
	Labels: { [INSTANCE_LABEL]: instance, [HELPER_LABEL]: 'talker' },
	// Its input ends with the connection of the one who attached, and then it ends itself.
	OpenStdin: true,
	StdinOnce: true,
	AttachStdin: true,
	AttachStdout: true,
	AttachStderr: true,
	HostConfig: {
		AutoRemove: true,
		NetworkMode: 'none',
		ReadonlyRootfs: true,
		CapDrop: ['ALL'],
		SecurityOpt: ['no-new-privileges'],
		Memory: 32 * 1024 ** 2,
		MemorySwap: 32 * 1024 ** 2,
		PidsLimit: 16,
		LogConfig: { Type: 'none', Config: {} },
	},
});
