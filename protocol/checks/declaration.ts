// One check of a lab, as its front matter declares it.

import { z } from 'zod';
import { JudgePhase } from '../verdict.ts';
import {
	ContainerHealthy,
	ContainerKeepsData,
	ContainerListens,
	ContainerLogs,
	ContainerMemory,
	ContainerNotRoot,
	ContainerReadOnly,
	ContainerRestarts,
	ContainerRuns,
	ContainerStops,
	Http,
} from './container.ts';
import {
	DockerfileBase,
	DockerfileExecForm,
	DockerfileForbids,
	DockerfileInstruction,
	DockerfileOrder,
	DockerfilePinned,
	DockerfileStages,
} from './dockerfile.ts';
import { BuildReusesCache, ContextExcludes, FilePresent, ImageBuilds } from './files.ts';
import { ImageConfig, ImageExcludes, ImageHidesSecrets, ImageSize } from './image.ts';

/** One check from the library in judges/checks; `check` names it. */
export const CheckDeclaration = z.discriminatedUnion('check', [
	FilePresent,
	ContextExcludes,
	DockerfileInstruction,
	DockerfileForbids,
	DockerfileOrder,
	DockerfileExecForm,
	DockerfilePinned,
	DockerfileStages,
	DockerfileBase,
	ImageBuilds,
	BuildReusesCache,
	ImageConfig,
	ImageSize,
	ImageExcludes,
	ImageHidesSecrets,
	ContainerRuns,
	ContainerListens,
	ContainerNotRoot,
	ContainerMemory,
	ContainerLogs,
	ContainerStops,
	ContainerRestarts,
	ContainerReadOnly,
	ContainerHealthy,
	ContainerKeepsData,
	Http,
]);
export type CheckDeclaration = z.infer<typeof CheckDeclaration>;
export type CheckName = CheckDeclaration['check'];
export type Declared<Name extends CheckName> = Extract<CheckDeclaration, { check: Name }>;

type About = {
	[Name in CheckName]: { phase: JudgePhase; title: (declared: Declared<Name>) => string };
};

/** When a check has its turn, and what it is called where a lab doesn't say. */
const ABOUT: About = {
	'file-present': { phase: 'read', title: ({ path }) => `${path} is there` },
	'context-excludes': {
		phase: 'build',
		title: () => 'The build context leaves out what does not belong',
	},
	'dockerfile-instruction': {
		phase: 'read',
		title: ({ instruction }) => `The Dockerfile has the ${instruction} that is asked for`,
	},
	'dockerfile-forbids': {
		phase: 'read',
		title: ({ instruction }) => `The Dockerfile has no ${instruction} that it should do without`,
	},
	'dockerfile-order': {
		phase: 'read',
		title: ({ first, then }) => `${first.instruction} comes before ${then.instruction}`,
	},
	'dockerfile-exec-form': { phase: 'read', title: () => 'The app is started in exec form' },
	'dockerfile-pinned': { phase: 'read', title: () => 'Base images are named with their version' },
	'dockerfile-stages': { phase: 'read', title: () => 'The image is built in stages' },
	'dockerfile-base': { phase: 'read', title: () => 'The image has the base that is asked for' },
	'image-builds': { phase: 'build', title: () => 'The image builds' },
	'build-reuses-cache': {
		phase: 'build',
		title: ({ change }) => `A change to ${change.join(' and ')} leaves the steps above it cached`,
	},
	'container-runs': { phase: 'run', title: () => 'The container starts and stays up' },
	'container-listens': { phase: 'run', title: ({ port }) => `Port ${port} is open` },
	'container-not-root': { phase: 'run', title: () => 'The app does not run as root' },
	'container-memory': {
		phase: 'run',
		title: ({ megabytes }) => `The app holds at most ${megabytes} MB of memory`,
	},
	'container-logs': { phase: 'run', title: () => 'The container logs what it does' },
	'container-stops': { phase: 'run', title: () => 'The container stops when it is asked to' },
	'container-restarts': {
		phase: 'run',
		title: () => 'The container works again after it was killed',
	},
	'container-read-only': { phase: 'run', title: () => 'The app leaves its own image as it is' },
	'container-healthy': { phase: 'run', title: () => 'The health check knows how the app is' },
	'container-keeps-data': { phase: 'run', title: () => 'The data outlives its container' },
	'image-config': { phase: 'inspect', title: () => 'The image is set up as it should be' },
	'image-size': {
		phase: 'inspect',
		title: ({ megabytes, layers }) =>
			megabytes === undefined
				? `The image has at most ${layers} layers of its own`
				: `The image has at most ${megabytes} MB`,
	},
	'image-excludes': {
		phase: 'inspect',
		title: () => 'The image has nothing that it can do without',
	},
	'image-hides-secrets': { phase: 'inspect', title: () => 'No secret is in the image' },
	http: {
		phase: 'inspect',
		title: ({ method, path, status, env }) =>
			`${method} ${path} answers ${status}${env ? `, with ${Object.keys(env).join(' and ')} set` : ''}`,
	},
};

export interface CheckView {
	id: string;
	title: string;
	phase: JudgePhase;
	points: number;
	bonus: boolean;
}

/** A declaration with what it left open filled in, for a judge and for a page. */
export function viewOf(declared: CheckDeclaration): CheckView {
	const about = aboutOf(declared.check);
	return {
		id: declared.id ?? declared.check,
		// The entry and the declaration have the same name, which a union's types can't carry.
		title: declared.title ?? about.title(declared as never),
		phase: about.phase,
		points: declared.points ?? 1,
		bonus: declared.bonus ?? false,
	};
}

const aboutOf = <Name extends CheckName>(name: Name): About[Name] => ABOUT[name];

/** As they are run and listed: phase by phase, within one as the lab has them. */
export function inPhases<Declaration extends CheckDeclaration>(
	checks: readonly Declaration[],
): Declaration[] {
	return JudgePhase.options.flatMap((phase) =>
		checks.filter((declared) => ABOUT[declared.check].phase === phase),
	);
}
