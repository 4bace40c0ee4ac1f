// What all checks of the Dockerfile share: what they say when there is none to read, and how they find
// instructions in it.

import { isFoundIn } from '@containrlab/protocol/checks/pattern.ts';
import type { CheckName, Declared } from '@containrlab/protocol/checks/declaration.ts';
import type { Selector } from '@containrlab/protocol/checks/dockerfile.ts';
import type { Evidence, Failure } from '@containrlab/protocol/verdict.ts';
import { type DockerfileSource, type Instruction, lineEvidence, wordsOf } from '../dockerfile.ts';
import type { Check, Facts } from './check.ts';

/** A check that needs nothing but the text of the Dockerfile. */
export function ofDockerfile<Name extends CheckName>(
	judge: (declared: Declared<Name>, file: DockerfileSource) => Failure | undefined,
): Check<Name> {
	return {
		needs: ['file-present'],
		onlyLooks: () => true,
		run: (declared, { dockerfile, files }) =>
			Promise.resolve(
				dockerfile
					? (unreadable(dockerfile) ?? judge(declared, dockerfile))
					: missingDockerfile(files),
			),
	};
}

export function unreadable(file: DockerfileSource): Failure | undefined {
	if (file.tooLong) {
		return {
			code: 'dockerfile-too-long',
			message: 'The Dockerfile is far longer than any that is written by hand, so it was not read.',
			hint: 'Keep it to what builds this app: a few dozen lines.',
			evidence: [
				{
					...{ kind: 'compare', label: 'Lines', expected: 'a few dozen' },
					observed: String(file.lines.length),
				},
			],
		};
	}
	return file.instructions.length === 0 ? emptyDockerfile(file) : undefined;
}

/** The build says these two as well, in the same words. */
export function missingDockerfile(files: Facts['files'], evidence: Evidence[] = []): Failure {
	const similar = [...files.keys()].find((path) => /^dockerfile(\.\w+)?$/i.test(path));
	return {
		code: 'dockerfile-missing',
		message: 'There is no file named Dockerfile at the top of the workspace.',
		hint:
			similar && similar !== 'Dockerfile'
				? `You have a file named ${similar}. Rename it to Dockerfile: capital D, no ending.`
				: 'Make a file named Dockerfile: capital D, no ending, not inside a folder.',
		evidence,
	};
}

export function emptyDockerfile(file: DockerfileSource | undefined): Failure {
	return {
		code: 'dockerfile-empty',
		message: 'The Dockerfile has no instructions yet.',
		hint: 'Start with FROM and the image that you build upon. Lines that begin with # are comments.',
		evidence: lineEvidence(file, 1),
	};
}

/** Characters of an instruction that a lab's pattern is tried on. */
const MATCHED = 4096;

export function selects({ instruction, matches }: Selector, candidate: Instruction): boolean {
	if (candidate.keyword !== instruction) return false;
	return matches === undefined || isFoundIn(matches, wordsOf(candidate).slice(0, MATCHED));
}

/** `RUN … pip install …`: a selector as a student reads it. */
export function describe({ instruction, matches }: Selector): string {
	return matches === undefined ? instruction : `${instruction} … ${readable(matches)} …`;
}

/** A simple pattern without what only a regular expression needs. */
const readable = (pattern: string): string =>
	pattern
		.replace(/\\[sb][*+]?|\.[*+]/g, ' ')
		.replace(/\\(.)/g, '$1')
		.replace(/^\^|\$$/g, '')
		.replace(/ +/g, ' ')
		.trim();

/** Lines as evidence, a few of them. */
export function lines(file: DockerfileSource, instructions: readonly Instruction[]): Evidence[] {
	return instructions.slice(0, 5).flatMap(({ line }) => lineEvidence(file, line));
}
