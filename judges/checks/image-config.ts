// image-config: what the image is set to do, as Docker has it after the build.

import { isAllOf, isFoundIn } from '@containrlab/protocol/checks/pattern.ts';
import type { Declared } from '@containrlab/protocol/checks/declaration.ts';
import type { Failure } from '@containrlab/protocol/verdict.ts';
import { type DockerfileSource, lastInstruction, lineEvidence } from '../dockerfile.ts';
import type { ImageInspect } from '../image.ts';
import type { Check } from './check.ts';
import { inspected } from './image.ts';

export const imageConfig: Check<'image-config'> = {
	needs: ['image-builds'],
	onlyLooks: () => true,
	run: async (declared, facts) => judgeConfig(declared, await inspected(facts), facts.dockerfile),
};

type Mismatch = Pick<Failure, 'code' | 'message' | 'hint'> & {
	/** The instruction that would say it. */
	keyword: string;
	expected: string;
	observed: string;
};

/** The first setting that isn't as declared; to have each said, a lab declares several checks. */
export function judgeConfig(
	declared: Declared<'image-config'>,
	image: ImageInspect,
	file: DockerfileSource | undefined,
): Failure | undefined {
	const mismatch =
		userMismatch(declared, image) ??
		portMismatch(declared, image) ??
		workdirMismatch(declared, image) ??
		commandMismatch(declared, image) ??
		entriesMismatch('ENV', declared.env, environment(image)) ??
		entriesMismatch('LABEL', declared.labels, image.Config.Labels) ??
		healthMismatch(declared, image) ??
		architectureMismatch(declared, image);
	if (!mismatch) return undefined;
	const { keyword, expected, observed, ...failure } = mismatch;
	const keywords = keyword === 'CMD' ? ['CMD', 'ENTRYPOINT'] : [keyword];
	return {
		...failure,
		evidence: [
			{ kind: 'compare', label: `Of the image, after the build`, expected, observed },
			...lineEvidence(file, lastInstruction(file, ...keywords)?.line),
		],
	};
}

function userMismatch(
	{ user }: Declared<'image-config'>,
	{ Config: { User } }: ImageInspect,
): Mismatch | undefined {
	const [name = ''] = User.split(':');
	if (user === undefined || !/^(root|0*)$/.test(name)) return undefined;
	return {
		code: 'image-runs-as-root',
		message: 'Containers of this image run as root, who may do anything in them.',
		hint: 'Make a user of your own in a RUN step, give it what it must write, and name it with USER before CMD.',
		...{ keyword: 'USER', expected: 'a user that is not root' },
		observed: User === '' ? 'root, for nothing else is said' : User,
	};
}

function portMismatch(
	{ ports = [] }: Declared<'image-config'>,
	{ Config }: ImageInspect,
): Mismatch | undefined {
	const exposed = Object.keys(Config.ExposedPorts);
	const port = ports.find((each) => !exposed.includes(`${each}/tcp`));
	if (port === undefined) return undefined;
	return {
		code: 'image-port-missing',
		message: `The image doesn't note down that its app listens on port ${port}.`,
		hint: `Write EXPOSE ${port}. It opens nothing, but tells whoever runs the image which port to publish.`,
		...{ keyword: 'EXPOSE', expected: `${port}/tcp`, observed: exposed.join('\n') || 'no ports' },
	};
}

function workdirMismatch(
	{ workdir }: Declared<'image-config'>,
	{ Config }: ImageInspect,
): Mismatch | undefined {
	const observed = Config.WorkingDir.replace(/(.)\/+$/, '$1') || '/';
	if (workdir === undefined || observed === workdir) return undefined;
	return {
		code: 'image-workdir',
		message: `A container of this image begins in ${observed}, not in ${workdir}.`,
		hint: `Write WORKDIR ${workdir}. The last one of the final stage counts.`,
		...{ keyword: 'WORKDIR', expected: workdir, observed },
	};
}

function commandMismatch(
	{ command }: Declared<'image-config'>,
	{ Config }: ImageInspect,
): Mismatch | undefined {
	const observed = [...Config.Entrypoint, ...Config.Cmd].join(' ');
	if (command === undefined || isFoundIn(command, observed.slice(0, 4096))) return undefined;
	return {
		code: 'image-command',
		message: observed
			? `A container of this image starts ${observed.slice(0, 120)}, and this lab asks for something else.`
			: "The image doesn't say what a container starts.",
		hint: 'Look at CMD and ENTRYPOINT: what a container starts is both together, and the last of each counts.',
		...{ keyword: 'CMD', expected: command, observed: observed || '(nothing)' },
	};
}

function environment({ Config }: ImageInspect): Record<string, string> {
	return Object.fromEntries(
		Config.Env.map((entry) => {
			const split = entry.indexOf('=');
			return [entry.slice(0, split), entry.slice(split + 1)];
		}),
	);
}

function entriesMismatch(
	keyword: 'ENV' | 'LABEL',
	wanted: Record<string, string> = {},
	present: Record<string, string>,
): Mismatch | undefined {
	for (const [name, pattern] of Object.entries(wanted)) {
		const value = Object.hasOwn(present, name) ? present[name] : undefined;
		if (value !== undefined && isAllOf(pattern, value.slice(0, 4096))) continue;
		const what = keyword === 'ENV' ? 'environment variable' : 'label';
		return {
			code: keyword === 'ENV' ? 'image-env' : 'image-label',
			message:
				value === undefined
					? `The image has no ${what} ${name}.`
					: `The ${what} ${name} of the image has another value than this lab asks for.`,
			hint: `Write ${keyword} ${name}=… in the final stage. What only an earlier stage sets isn't in the image.`,
			...{ keyword, expected: `${name}=${pattern}` },
			observed: value === undefined ? `no ${name}` : `${name}=${value.slice(0, 200)}`,
		};
	}
	return undefined;
}

function healthMismatch(
	{ health }: Declared<'image-config'>,
	{ Config }: ImageInspect,
): Mismatch | undefined {
	const test = Config.Healthcheck?.Test ?? [];
	if (!health || (test.length > 0 && test[0] !== 'NONE')) return undefined;
	return {
		code: 'image-health-missing',
		message: "The image doesn't say how to find out whether its app is well.",
		hint: 'Write HEALTHCHECK CMD and a command that fails when the app is not well, one that the image has.',
		...{ keyword: 'HEALTHCHECK', expected: 'HEALTHCHECK CMD …', observed: 'no health check' },
	};
}

function architectureMismatch(
	{ architecture }: Declared<'image-config'>,
	{ Architecture }: ImageInspect,
): Mismatch | undefined {
	if (architecture === undefined || architecture === Architecture) return undefined;
	return {
		code: 'image-architecture',
		message: `The image is for ${Architecture} computers, and this lab asks for ${architecture}.`,
		hint: 'Look at FROM: --platform decides for which kind of computer an image is built.',
		...{ keyword: 'FROM', expected: architecture, observed: Architecture },
	};
}
