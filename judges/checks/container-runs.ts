// container-runs: a container starts from the image and is still there a little later.

import type { Evidence, Failure } from '@containrlab/protocol/verdict.ts';
import type { Started } from '../container.ts';
import { type DockerfileSource, lastInstruction, lineEvidence } from '../dockerfile.ts';
import { lastLines } from '../text.ts';
import type { Check } from './check.ts';

export const containerRuns: Check<'container-runs'> = {
	needs: ['image-builds'],
	onlyLooks: () => true,
	run: async (_declared, facts) => judgeStart((await facts.container()).started, facts.dockerfile),
};

export function judgeStart(
	started: Started,
	dockerfile: DockerfileSource | undefined,
): Failure | undefined {
	switch (started.status) {
		case 'running':
			return undefined;
		case 'refused':
			return {
				code: 'container-not-started',
				message: "Docker couldn't start the container's command.",
				hint: refusalHint(started.message),
				evidence: [
					{ kind: 'output', label: 'Docker says', text: started.message.slice(0, 1000) },
					...commandLine(dockerfile),
				],
			};
		case 'exited':
			return containerExited(started, dockerfile);
	}
}

/** For http too: a container may end only while it is asked. */
export function containerExited(
	end: Extract<Started, { status: 'exited' }>,
	dockerfile: DockerfileSource | undefined,
): Failure {
	return {
		code: 'container-exited',
		message: `The container started, but it stopped again with exit code ${end.exitCode}.`,
		hint: exitHint(end, dockerfile),
		evidence: [
			{
				kind: 'compare',
				label: 'Container',
				expected: 'running',
				observed: `exited (${end.exitCode})`,
			},
			{
				kind: 'output',
				label: 'What it printed',
				text: lastLines(end.output) || '(nothing)',
			},
			...commandLine(dockerfile),
		],
	};
}

/** The line that says what a container starts. */
export function commandLine(dockerfile: DockerfileSource | undefined): Evidence[] {
	return lineEvidence(dockerfile, lastInstruction(dockerfile, 'CMD', 'ENTRYPOINT')?.line);
}

function refusalHint(message: string): string {
	const program = /exec: "([^"]*)"/.exec(message)?.[1];
	if (/permission denied/i.test(message)) {
		return `${program ?? 'The program'} is there but may not be executed. Name the program that runs it (python, node, sh) in CMD, or make it executable.`;
	}
	if (program !== undefined) {
		return `The image has no program named "${program}". Check the spelling in CMD or ENTRYPOINT: each word of the exec form is its own item in the list.`;
	}
	if (/no command specified/i.test(message)) return 'Say with CMD what a container starts.';
	return 'Check CMD, ENTRYPOINT and USER in the Dockerfile.';
}

function exitHint(
	end: Extract<Started, { status: 'exited' }>,
	dockerfile: DockerfileSource | undefined,
): string {
	if (end.outOfMemory || end.exitCode === 137) {
		return 'It was killed, most likely because it needed more memory than a sandbox has.';
	}
	const file = /can't open file '([^']+)'|Cannot find module '([^']+)'/.exec(end.output);
	if (file) {
		return `The command asks for ${file[1] ?? file[2]}, which isn't in the image. Compare the name in CMD with your files, and see that COPY brings the file to the folder that WORKDIR names.`;
	}
	const module = /No module named '([^']+)'/.exec(end.output)?.[1];
	if (module) {
		return `Python doesn't find the module "${module}". If it is yours, COPY it; if it is a package, install it in a RUN step.`;
	}
	if (end.exitCode === 0 && dockerfile && !lastInstruction(dockerfile, 'CMD', 'ENTRYPOINT')) {
		return 'The Dockerfile has no CMD, so the container did what the base image says, and that was over at once. Add a CMD that starts the app.';
	}
	if (end.exitCode === 0) {
		return 'A container lives as long as its command. This one came to its end without an error: CMD must start something that keeps running, in the foreground.';
	}
	if (end.exitCode === 127) return 'A program that the command names is not in the image.';
	return 'Read what it printed from the bottom up. `docker logs` shows you the same after `docker run` in your terminal.';
}
