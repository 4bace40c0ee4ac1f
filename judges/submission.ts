// Checks that a submission's files can be placed, and adds what a lab plants among them.

import { createHash } from 'node:crypto';
import type { Declared } from '@containrlab/protocol/checks/declaration.ts';
import type { Lab } from '@containrlab/protocol/lab.ts';
import { PATH_PROBLEM_TEXT, pathProblem } from '@containrlab/protocol/path.ts';
import type { SubmittedFile } from '@containrlab/protocol/sandbox.ts';
import type { Failure } from '@containrlab/protocol/verdict.ts';

/** A document can be written by any client, so its paths are hostile until they are looked at. */
export function refusedPath(files: readonly SubmittedFile[]): Failure | undefined {
	const leaves = new Set(files.filter(({ kind }) => kind !== 'dir').map(({ path }) => path));
	for (const { path } of files) {
		const problem = pathProblem(path);
		if (problem && problem !== 'never-synced') return refusal(path, PATH_PROBLEM_TEXT[problem]);
		const inside = parents(path).find((parent) => leaves.has(parent));
		if (inside !== undefined) {
			return refusal(path, `It can't be inside ${JSON.stringify(inside)}, which isn't a folder.`);
		}
	}
	return undefined;
}

function refusal(path: string, reason: string): Failure {
	return {
		code: 'path-refused',
		message: `The file ${JSON.stringify(path.slice(0, 200))} can't be placed in a workspace. ${reason}`,
		hint: 'Rename the file or remove it, and submit again.',
		evidence: [],
	};
}

function parents(path: string): string[] {
	const parts = path.split('/');
	return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** What the lab's checks want to find kept out of the build, beside the student's own files. */
export function withPlants(lab: Lab, files: readonly SubmittedFile[]): SubmittedFile[] {
	const taken = new Set(files.flatMap(({ path }) => [path, ...parents(path)]));
	const leaves = new Set(files.filter(({ kind }) => kind !== 'dir').map(({ path }) => path));
	const free = (path: string) =>
		!taken.has(path) && !parents(path).some((parent) => leaves.has(parent));
	const plants = new Map(
		lab.front.checks.flatMap((check): [string, string][] => {
			if (check.check === 'image-hides-secrets')
				return check.plant.map((path) => [path, `SECRET=${plantedSecret(path)}\n`]);
			if (check.check !== 'context-excludes') return [];
			return check.plant.map((path) => [path, 'Placed here by the judge.\n']);
		}),
	);
	const placed = [...plants].filter(([path]) => free(path));
	return [
		...files,
		...placed.map(([path, text]): SubmittedFile => ({ kind: 'text', path, mode: 0o644, text })),
	];
}

/** What an image must not have: what is planted, and what the lab's own files hold. */
export function secretsOf({ plant, text }: Declared<'image-hides-secrets'>): string[] {
	return [...plant.map(plantedSecret), ...text];
}

/** Stable, so that equal submissions have equal builds, and found nowhere else. */
function plantedSecret(path: string): string {
	return `judge-${createHash('sha256').update(`planted in ${path}`).digest('hex').slice(0, 32)}`;
}
