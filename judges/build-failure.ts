// Explains why `docker build` failed, from the end of BuildKit's plain output.

import type { Evidence, Failure } from '@containrlab/protocol/verdict.ts';
import { nearest } from '@containrlab/protocol/nearest.ts';
import type { Facts } from './checks/check.ts';
import { emptyDockerfile, missingDockerfile } from './checks/dockerfile.ts';
import { invalidPatterns } from './checks/context-excludes.ts';
import { type DockerfileSource, lineEvidence } from './dockerfile.ts';
import { InfrastructureError } from './sandbox.ts';
import { lastLines } from './text.ts';

/** BuildKit's closing report, taken apart. */
export interface BuildReport {
	/** After "failed to solve: ". */
	error: string;
	/** In the Dockerfile, from 1. */
	line: number | undefined;
	/** The failing step, `RUN pip install flask`. */
	step: string | undefined;
	/** The last lines that the failing step printed. */
	output: string;
}

type Known = Pick<Facts, 'files' | 'dockerfile' | 'images'>;

/** Undefined when there is no such report: then it wasn't the build that failed. */
export function readBuildReport(output: string): BuildReport | undefined {
	// Output of steps is prefixed by BuildKit, so a line of its own can't be imitated.
	const error = [...output.matchAll(/^ERROR: (?:failed to (?:build|solve): )*(.*)$/gm)].at(-1)?.[1];
	if (error === undefined) return undefined;
	const line = [...output.matchAll(/^[^\s#:]+:(\d+)\n-{20}$/gm)].at(-1)?.[1];
	const section = [
		...output.matchAll(/^------\n > \[([^\]]*)\] ?([^\n]*):\n([\s\S]*?)^------$/gm),
	].at(-1);
	const numbered = section && /\d+\/\d+$/.test(section[1] ?? '');
	return {
		error: error.trim(),
		line: line === undefined ? undefined : Number(line),
		step: numbered ? section[2]?.trim() : undefined,
		output: (section?.[3] ?? '').replace(/^\d+\.\d+ /gm, ''),
	};
}

export function explainBuildFailure(output: string, known: Known): Failure {
	const report = readBuildReport(output);
	if (!report) throw new InfrastructureError('build-broke', output.slice(-2000));
	// Comes as an `rpc error` like trouble with the daemon, but it is the student's.
	if (/invalid excludepatterns/.test(report.error))
		return invalidPatterns(report.error, known.files);
	if (
		/^(Cannot connect to the Docker daemon|error during connect|rpc error|listing workers|.*closing transport|.*context canceled$)/i.test(
			report.error,
		)
	) {
		throw new InfrastructureError('daemon-unreachable', report.error);
	}
	const image =
		/failed to resolve source metadata for (\S+?):? |pull access denied, repository does not exist/.exec(
			`${report.error} `,
		);
	const source = /"\/?([^"]*)": not found$/.exec(report.error)?.[1];
	if (/failed to read dockerfile/.test(report.error)) {
		const said: Evidence = { kind: 'output', label: 'Docker says', text: report.error };
		return missingDockerfile(known.files, [said]);
	}
	if (/file with no instructions|Dockerfile.* cannot be empty/.test(report.error)) {
		return emptyDockerfile(known.dockerfile);
	}
	if (image) return baseImage(image[1] ?? '', report, known);
	if (source !== undefined && /checksum|cache key/.test(report.error)) {
		return copySource(source, report, known);
	}
	if (report.step === undefined) return invalid(report, known);
	return failedStep(report, known);
}

export function explainTimeout(
	output: string,
	seconds: number,
	dockerfile: DockerfileSource | undefined,
): Failure {
	const begun = [...output.matchAll(/^#(\d+) \[[^\]]*\d+\/\d+\] (.*)$/gm)];
	const ended = new Set(
		[...output.matchAll(/^#(\d+) (?:DONE|CACHED|ERROR)/gm)].map((end) => end[1]),
	);
	const step = begun.findLast((match) => !ended.has(match[1]))?.[2];
	return {
		code: 'build-timeout',
		message: `The build wasn't finished after ${seconds} seconds, so it was stopped.`,
		hint: 'A build has to come to an end by itself. A command that keeps running, like a server, belongs into CMD rather than RUN.',
		evidence: [
			...lineEvidence(dockerfile, step ? lineOfStep(dockerfile, step) : undefined),
			{ kind: 'output', label: 'The last lines of the build', text: lastLines(output) },
		],
	};
}

function invalid(report: BuildReport, { dockerfile }: Known): Failure {
	const unknown = /unknown instruction: (\S+)(?: \(did you mean (\w+)\?\))?/.exec(report.error);
	const where = report.line === undefined ? '' : ` on line ${report.line}`;
	return {
		code: 'dockerfile-invalid',
		message: unknown
			? `Docker doesn't know the instruction ${unknown[1]}${where} of the Dockerfile.`
			: `Docker can't follow the Dockerfile${where && `: something is wrong${where}`}.`,
		hint: invalidHint(report.error, unknown?.[2]),
		evidence: [
			...lineEvidence(dockerfile, report.line),
			{ kind: 'output', label: 'Docker says', text: report.error.slice(0, 1000) },
		],
	};
}

function invalidHint(error: string, meant: string | undefined): string {
	if (meant) return `Did you mean ${meant}?`;
	if (/unknown instruction/.test(error)) {
		return 'Each line starts with an instruction such as FROM, COPY, RUN or CMD. A line that continues the one before needs a \\ at the end of that one.';
	}
	if (/no build stage/.test(error))
		return 'FROM comes first: every other instruction adds to an image.';
	if (/at least two arguments/.test(error)) {
		return 'It takes two paths: from where in your workspace, and to where in the image.';
	}
	return 'Compare the line with the example in the lab, sign by sign.';
}

function baseImage(image: string, report: BuildReport, { dockerfile, images }: Known): Failure {
	const name = familiar(image);
	// The lab promises these; a sandbox without them is our mistake.
	if (images.some((promised) => familiar(promised) === name)) {
		throw new InfrastructureError('lab-image-missing', report.error);
	}
	const similar = nearest(name, images);
	return {
		code: 'base-image-unavailable',
		message: `The image ${name} can't be had here.`,
		hint: similar
			? `Did you mean ${similar}? The name and what follows the colon, the tag, must match exactly.`
			: 'Check its name and its tag, and use one of the images that are at hand in the sandbox.',
		evidence: [
			...lineEvidence(dockerfile, report.line ?? lineOfImage(dockerfile, name)),
			{
				kind: 'compare',
				label: 'Images',
				expected: images.join('\n') || '(any that is in the sandbox)',
				observed: name,
			},
		],
	};
}

function copySource(source: string, report: BuildReport, { dockerfile, files }: Known): Failure {
	const present = [...files.keys()].some(
		(path) => path === source || path.startsWith(`${source}/`),
	);
	const similar = nearest(source, files.keys());
	return {
		code: 'copy-source-missing',
		message: `The Dockerfile copies ${source}, which isn't in the build context.`,
		hint: present
			? `${source} is in your workspace, but the ignore file leaves it out of the build.`
			: similar
				? `Did you mean ${similar}?`
				: 'COPY takes paths from where the Dockerfile is. Correct the name, or remove the line if the app needs no such file.',
		evidence: [
			...lineEvidence(dockerfile, report.line),
			{ kind: 'output', label: 'Docker says', text: `"/${source}": not found` },
		],
	};
}

function failedStep(report: BuildReport, { dockerfile }: Known): Failure {
	const line = report.line ?? lineOfStep(dockerfile, report.step ?? '');
	const code = /exit code: (\d+)/.exec(report.error)?.[1];
	const evidence: Evidence[] = [...lineEvidence(dockerfile, line)];
	const said = lastLines(report.output) || report.error.slice(0, 1000);
	evidence.push({ kind: 'output', label: 'The last lines of this step', text: said });
	return {
		code: 'build-failed',
		message: `The build stopped at the step ${(report.step ?? '').slice(0, 120)}${code ? `, with exit code ${code}` : ''}.`,
		hint: stepHint(`${report.output}\n${report.error}`, code),
		evidence,
	};
}

function stepHint(said: string, code: string | undefined): string {
	if (/no space left on device/i.test(said))
		return 'The sandbox has no space left: make the image smaller.';
	if (code === '127' || /not found$/m.test(said)) {
		return 'A program or file that this step names is not in the image at this point.';
	}
	if (code === '137')
		return 'The step was killed, most likely because it needed more memory than there is.';
	return 'Read what the step printed from the bottom up; the cause is usually in the last few lines.';
}

/** `docker.io/library/python:3.13` is what everybody calls `python:3.13`. */
function familiar(image: string): string {
	return image
		.replace(/^docker\.io\//, '')
		.replace(/^library\//, '')
		.replace(/:latest$/, '');
}

function lineOfImage(dockerfile: DockerfileSource | undefined, image: string): number | undefined {
	return dockerfile?.instructions.find(
		({ keyword, rest }) => keyword === 'FROM' && rest.split(' ').includes(image),
	)?.line;
}

function lineOfStep(dockerfile: DockerfileSource | undefined, step: string): number | undefined {
	const written = step.replace(/\s+/g, ' ');
	return dockerfile?.instructions.find(
		({ keyword, flags, rest }) => [keyword, ...flags, rest].join(' ') === written,
	)?.line;
}
